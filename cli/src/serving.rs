//! A small HTTP server for this machine's browser.
//!
//! Invariants: it listens on the loopback address only and answers nobody who calls it by another name,
//! so that no web site can read from it by way of a name that it makes point here; it gives fixed paths
//! and opens no file by a request's words; a client that is slow, broken or hostile costs a bounded time
//! and a bounded memory, and no other client anything.

mod request;

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use request::Request;

use crate::clock;

/// Connections at a time; more are closed at once.
const CONNECTIONS: usize = 32;
/// How long a client may take to ask.
const ASKING: Duration = Duration::from_secs(5);
/// How long a client may take to read an answer: a large report on a slow machine.
const READING: Duration = Duration::from_mins(1);
/// How long is waited for what a client sends without being asked, so that it reads the answer.
const DRAINING: Duration = Duration::from_millis(300);
/// The longest head of a request.
const HEAD: usize = 8 << 10;

/// What is sent back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Such as `200 OK`.
    pub(crate) status: &'static str,
    pub(crate) content_type: &'static str,
    /// What the content may do in a browser.
    pub(crate) policy: String,
    pub(crate) body: Arc<[u8]>,
}

impl Answer {
    /// A line of text.
    pub(crate) fn text(status: &'static str, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            policy: "default-src 'none'".to_owned(),
            body: format!("{text}\n").into_bytes().into(),
        }
    }
}

/// Answers a path.
pub(crate) trait Site: Send + Sync + 'static {
    /// What lies at a path, without its query; none if there is nothing.
    fn get(&self, path: &str) -> Option<Answer>;
}

/// A server that is ready to answer.
pub(crate) struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// Takes a port of the loopback address; 0 is any that is free.
    pub(crate) fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Answers, in threads of its own, for as long as the program runs.
    pub(crate) fn start(self, site: Arc<dyn Site>) -> io::Result<()> {
        let open = Arc::new(AtomicUsize::new(0));
        let port = self.port;
        let accept = move || {
            for stream in self.listener.incoming() {
                let Ok(stream) = stream else {
                    // Too many open files, perhaps: they will be fewer.
                    std::thread::sleep(Duration::from_millis(50));
                    continue;
                };
                let place = Place::take(&open);
                let site = Arc::clone(&site);
                let serve = move || {
                    // A client that cannot be answered is gone.
                    drop(serve(stream, port, &*site));
                    drop(place);
                };
                if open.load(Ordering::SeqCst) <= CONNECTIONS {
                    // Without a thread, the connection is closed.
                    drop(std::thread::Builder::new().name("client".to_owned()).spawn(serve));
                }
            }
        };
        std::thread::Builder::new().name("server".to_owned()).spawn(accept).map(drop)
    }
}

/// One of the connections that are open.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Reads a request, answers it, and closes the connection.
fn serve(mut stream: TcpStream, port: u16, site: &dyn Site) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(head) = read_head(&mut stream)? else {
        let answer = Answer::text("431 Request Header Fields Too Large", "the request is too long");
        return finish(stream, &answer, true);
    };
    let request = Request::parse(&head);
    let with_body = !matches!(&request, Ok(request) if request.method == "HEAD");
    finish(stream, &answer(request, port, site), with_body)
}

fn answer(request: Result<Request<'_>, &'static str>, port: u16, site: &dyn Site) -> Answer {
    let request = match request {
        Ok(request) => request,
        Err(problem) => return Answer::text("400 Bad Request", problem),
    };
    if !request.is_for(port) {
        let text = format!("open http://127.0.0.1:{port}/: no other name of this server is known");
        return Answer::text("403 Forbidden", &text);
    }
    if !matches!(request.method, "GET" | "HEAD") {
        return Answer::text("405 Method Not Allowed", "only GET and HEAD are answered");
    }
    let missing = || Answer::text("404 Not Found", "there is nothing here");
    site.get(request.path).unwrap_or_else(missing)
}

/// The head of a request; none if it is too long.
fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let until = clock::now() + ASKING;
    let mut head = Vec::new();
    let mut part = [0; 2048];
    while head.len() <= HEAD {
        stream.set_read_timeout(Some(left(until)?))?;
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(&part[..read]);
        if let Some(at) = head[from..].windows(4).position(|end| end == b"\r\n\r\n") {
            head.truncate(from + at);
            return Ok((head.len() <= HEAD).then_some(head));
        }
    }
    Ok(None)
}

/// Sends the answer and ends the connection.
fn finish(mut stream: TcpStream, answer: &Answer, with_body: bool) -> io::Result<()> {
    let Answer { status, content_type, policy, body } = answer;
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Cache-Control: no-store\r\n{}Connection: close\r\n\r\n",
        body.len(),
        if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" },
    );
    let until = clock::now() + READING;
    let body: &[u8] = if with_body { body } else { &[] };
    for part in [head.as_bytes()].into_iter().chain(body.chunks(64 << 10)) {
        write_all(&mut stream, part, until)?;
    }
    stream.shutdown(Shutdown::Write)?;
    // Closing while something is unread would take the answer away from the client.
    let until = clock::now() + DRAINING;
    let mut part = [0; 2048];
    loop {
        stream.set_read_timeout(Some(left(until)?))?;
        if stream.read(&mut part)? == 0 {
            return Ok(());
        }
    }
}

fn write_all(stream: &mut TcpStream, mut bytes: &[u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(left(until)?))?;
        match stream.write(bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}

/// The time that is left, which is more than none.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(clock::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
