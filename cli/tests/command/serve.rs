//! `autoprec serve`: what it answers and refuses, what a run tells of itself meanwhile, and that nothing is
//! left behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Desk;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that is ended when the test is over.
struct Process(Child);

impl Process {
    fn start(desk: &Desk, line: &str) -> Self {
        let mut command = desk.command();
        command.args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end; gives the exit code.
    fn end(&mut self) -> Option<i32> {
        let status = wait_for("the end of a process", || self.0.try_wait().unwrap());
        status.code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "what waits for another program has to end")]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

struct Serving {
    process: Process,
    port: u16,
}

struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Serving {
    fn start(desk: &Desk, folder: &str) -> Self {
        let mut process = Process::start(desk, &format!("serve {folder}"));
        let mut line = String::new();
        BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("http://127.0.0.1:").unwrap();
        let port = port.strip_suffix('/').unwrap().parse().unwrap();
        Self { process, port }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes and reads until the connection ends; it may end at any time.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        drop(stream.write_all(bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8(answer).unwrap()
    }

    fn ask(&self, method: &str, path: &str, host: &str) -> Answered {
        let text =
            self.send(format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answered { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Answered {
        self.ask("GET", path, &format!("127.0.0.1:{}", self.port))
    }

    fn live(&self) -> Value {
        let answer = self.get("/live.json");
        assert_eq!(answer.status, 200);
        serde_json::from_str(&answer.body).unwrap()
    }
}

/// Files that begin like unfinished ones, or are those of a run that goes on.
fn left_behind(desk: &Desk) -> Vec<String> {
    desk.files("").into_keys().filter(|path| path.starts_with(".autoprec-")).collect()
}

#[test]
fn pages_of_a_folder_before_and_after_it_is_written() {
    let desk = Desk::new();
    let mut serving = Serving::start(&desk, "out");
    let page = serving.get("/");
    assert!(page.status == 200 && page.body.contains("/live.js"), "{}", page.body);
    assert_eq!(serving.live()["state"], "waiting");
    assert_eq!((serving.get("/report").status, serving.get("/report.json").status), (404, 404));
    for (path, kind) in [
        ("/live.js", "text/javascript"),
        ("/live.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/live.json?x=1", "application/json"),
    ] {
        let answer = serving.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.head.contains(&format!("Content-Type: {kind}")), "{path}: {}", answer.head);
    }

    desk.succeeds("profile sort-vm.elf --input sort-vm.bin --out out");
    let state = serving.live();
    assert_eq!((&state["state"], &state["report"]), (&"ended".into(), &true.into()));
    let page = serving.get("/");
    assert!(page.status == 200 && page.body.contains("id=\"page-data\""));
    assert_eq!(page.body, serving.get("/report").body);
    assert_eq!(serving.get("/report.json").body.as_bytes(), desk.read("out/report.json"));
    // As `autoprec report` writes it.
    desk.succeeds("report out --out index.html");
    assert!(page.body.as_bytes() == desk.read("index.html"));

    serving.process.signal("INT");
    assert_eq!(serving.process.end(), Some(0));
    assert_eq!(left_behind(&desk), [""; 0]);
}

#[test]
fn answers_allow_no_more_than_they_need() {
    let desk = Desk::new();
    desk.write("secret.txt", "secret");
    let serving = Serving::start(&desk, "out");
    let port = serving.port;
    for path in ["/", "/live.json", "/nothing"] {
        let head = serving.get(path).head;
        for line in
            ["X-Content-Type-Options: nosniff", "Cache-Control: no-store", "X-Frame-Options: DENY"]
        {
            assert!(head.contains(line), "{path}: {head}");
        }
        assert!(head.contains("Content-Security-Policy: default-src 'none'"), "{path}: {head}");
        assert!(!head.contains("Access-Control"), "{path}: {head}");
    }
    let known = [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
    for host in known {
        assert_eq!(serving.ask("GET", "/", &host).status, 200, "{host}");
    }
    for host in
        ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", "localhost"]
    {
        for path in ["/", "/live.json", "/nothing"] {
            assert_eq!(serving.ask("GET", path, host).status, 403, "{host}");
        }
    }
    let host = format!("127.0.0.1:{port}");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get"] {
        let answer = serving.ask(method, "/", &host);
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.head.contains("Allow: GET, HEAD"), "{method}");
    }
    for path in
        ["/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "//", "/live.json/", "/out/.."]
    {
        assert_eq!(serving.get(path).status, 404, "{path}");
    }
    let head = serving.ask("HEAD", "/", &host);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn broken_and_slow_clients_harm_nobody() {
    let desk = Desk::new();
    let serving = Serving::start(&desk, "out");
    // Ask nothing, or half of something, and stay.
    let mut idle: Vec<TcpStream> = (0..12).map(|_| serving.connect()).collect();
    for stream in &mut idle[..6] {
        stream.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    }
    let host = format!("Host: 127.0.0.1:{}\r\n", serving.port);
    for garbage in [
        &b"\0\xff\xfe\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        format!("GET http://127.0.0.1/ HTTP/1.1\r\n{host}\r\n").as_bytes(),
        format!("GET / HTTP/1.1\r\n{host}{host}\r\n").as_bytes(),
    ] {
        let answer = serving.send(garbage);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{garbage:?}: {answer}");
    }
    let long = format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(100_000));
    let answer = serving.send(long.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    // Those who hang up before they are answered.
    for _ in 0..50 {
        serving.connect().write_all(format!("GET / HTTP/1.1\r\n{host}\r\n").as_bytes()).unwrap();
    }
    // While their connections end there may be none left: who asks then is turned away, and asks again.
    let ask = format!("GET / HTTP/1.1\r\n{host}\r\n");
    let answered = || serving.send(ask.as_bytes()).starts_with("HTTP/1.1 200 ").then_some(());
    wait_for("an answer", answered);
    // Whoever does not ask is not waited for.
    let mut rest = Vec::new();
    drop(idle[0].read_to_end(&mut rest));
    assert!(rest.is_empty());
}

/// A loop without end.
fn endless() -> Vec<u8> {
    crate::elf::guest(&["addi a0, a0, 1", "addi a1, a1, 1", "jal zero, -8"])
}

#[test]
fn a_run_tells_of_itself_until_it_is_stopped() {
    let desk = Desk::new();
    desk.write("endless.elf", endless());
    let serving = Serving::start(&desk, "out");
    let mut run = Process::start(&desk, "profile endless.elf --env bare --out out --json");
    let live = wait_for("a profile", || {
        let state = serving.live();
        (!state["live"]["profile"].is_null()).then_some(state)
    });
    assert_eq!((&live["state"], &live["live"]["command"]), (&"running".into(), &"profile".into()));
    let told = &live["live"];
    assert_eq!((&told["guest"], &told["version"]), (&"endless.elf".into(), &1.into()));
    let profile = &told["profile"];
    assert_eq!(profile["partial"], true);
    let instructions = profile["instructions"].as_u64().unwrap();
    assert!(instructions > 0);
    for list in ["functions", "blocks"] {
        let rows = profile[list].as_array().unwrap();
        let sum: u64 = rows.iter().map(|row| row["instructions"].as_u64().unwrap()).sum();
        assert_eq!(sum, instructions, "{list}");
    }
    assert!(serving.get("/").body.contains("/live.js"));

    run.signal("INT");
    assert_eq!(run.end(), Some(130));
    assert_eq!(left_behind(&desk), [""; 0]);
    // What was counted until then is reported.
    assert_eq!(serving.live()["state"], "ended");
    assert!(serving.get("/").body.contains("id=\"page-data\""));
}

#[test]
fn a_run_that_is_ended_at_once_leaves_nothing() {
    let desk = Desk::new();
    desk.write("endless.elf", endless());
    let serving = Serving::start(&desk, "out");
    for signals in [&["INT", "INT"][..], &["TERM"], &["HUP"]] {
        let mut run = Process::start(&desk, "build endless.elf --env bare --out out --lock a.lock");
        wait_for("the run", || (serving.live()["state"] == "running").then_some(()));
        for signal in signals {
            run.signal(signal);
            // Two at once are one.
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(run.end().is_none_or(|code| code == 130), "{signals:?}");
        assert_eq!(left_behind(&desk), [""; 0], "{signals:?}");
        let state = serving.live();
        assert_eq!((&state["state"], &state["report"]), (&"failed".into(), &false.into()));
        assert!(!desk.path("out").exists() && !desk.path("a.lock").exists());
    }
}

#[test]
fn a_failed_run_and_a_killed_one() {
    let desk = Desk::new();
    desk.write("endless.elf", endless());
    let serving = Serving::start(&desk, "out");
    let mut killed = Process::start(&desk, "profile endless.elf --env bare --out out --json");
    wait_for("the run", || (serving.live()["state"] == "running").then_some(()));
    killed.signal("KILL");
    assert_eq!(killed.end(), None);
    // It could not tidy up; that it tells nothing more is noticed.
    let stale = wait_for("that it is missed", || {
        let state = serving.live();
        (state["state"] == "stale").then_some(state)
    });
    assert!(stale["note"].as_str().unwrap().contains("killed"));
    // The next run takes its place.
    let line = "build endless.elf --env bare --out out --max-instructions 2000000000";
    let mut failing = Process::start(&desk, line);
    wait_for("the next run", || (serving.live()["state"] == "running").then_some(()));
    assert_eq!(failing.end(), Some(1));
    assert_eq!(serving.live()["state"], "failed");
    assert!(!desk.path(".autoprec-live-out.json").exists());
}

#[test]
fn what_cannot_be_served_is_refused() {
    let desk = Desk::new();
    desk.refuses("serve sort-vm.elf", &["sort-vm.elf is a file"]);
    let serving = Serving::start(&desk, "out");
    let line = format!("serve out --port {}", serving.port);
    desk.refuses(&line, &["cannot listen on port", &serving.port.to_string()]);
    assert_eq!(desk.run("serve out --port 70000").code, Some(2));
}
