//! The head of a request, as far as it matters here.

/// What is asked for, and of whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Begins with a slash; without its query.
    pub(super) path: &'a str,
    host: &'a str,
}

impl<'a> Request<'a> {
    /// Reads a head without the empty line at its end; else says what is wrong with it.
    pub(super) fn parse(head: &'a [u8]) -> Result<Self, &'static str> {
        let printable = |&byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~');
        if !head.iter().all(printable) {
            return Err("this is not a request: it has bytes that are no text");
        }
        let text = std::str::from_utf8(head).map_err(|_| "this is not a request")?;
        let mut lines = text.split("\r\n");
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let [method, target, "HTTP/1.1" | "HTTP/1.0"] = first[..] else {
            return Err("this is not a request of HTTP 1");
        };
        if !target.starts_with('/') {
            return Err("the path of the request does not begin with a slash");
        }
        let mut hosts = Vec::new();
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                return Err("a line of the request has no colon");
            };
            if name.is_empty() || name.contains([' ', '\t', '\r', '\n']) {
                return Err("a line of the request has no name");
            }
            if name.eq_ignore_ascii_case("host") {
                hosts.push(value.trim_matches([' ', '\t']));
            }
        }
        let [host] = hosts[..] else {
            return Err("the request names no host, or several");
        };
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        Ok(Self { method, path, host })
    }

    /// Whether it names this machine and this port.
    pub(super) fn is_for(&self, port: u16) -> bool {
        let suffix = format!(":{port}");
        let name = match self.host.strip_suffix(&suffix) {
            Some(name) => name,
            // Where browsers leave the port out.
            None if port == 80 => self.host,
            None => return false,
        };
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> String {
        format!("GET / HTTP/1.1\r\nHost: {name}")
    }

    #[test]
    fn names_of_this_machine_only() {
        for (name, port, known) in [
            ("127.0.0.1:8080", 8080, true),
            ("localhost:8080", 8080, true),
            ("LOCALHOST:8080", 8080, true),
            ("[::1]:8080", 8080, true),
            ("127.0.0.1", 80, true),
            ("127.0.0.1", 8080, false),
            ("127.0.0.1:80", 8080, false),
            ("evil.example:8080", 8080, false),
            ("localhost.evil.example:8080", 8080, false),
            ("127.0.0.1.evil.example:8080", 8080, false),
            ("evil@127.0.0.1:8080", 8080, false),
            ("127.0.0.1:8080:8080", 8080, false),
            ("", 80, false),
        ] {
            let head = host(name);
            assert_eq!(Request::parse(head.as_bytes()).unwrap().is_for(port), known, "{name}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for head in [
            "",
            "GET",
            "GET /",
            "GET / HTTP/2\r\nHost: localhost",
            "GET http://localhost/ HTTP/1.1\r\nHost: localhost",
            "GET  / HTTP/1.1\r\nHost: localhost",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: localhost\r\nhost: localhost",
            "GET / HTTP/1.1\r\nHost : localhost",
            "GET / HTTP/1.1\r\nnothing",
            "GET / HTTP/1.1\r\nHost: local\u{e9}",
            "\0\u{1}",
        ] {
            assert!(Request::parse(head.as_bytes()).is_err(), "{head:?}");
        }
        let head = "GET /live.json?now HTTP/1.0\r\nAccept: */*\r\nHOST:\tlocalhost:1 ";
        let request = Request::parse(head.as_bytes()).unwrap();
        assert_eq!(
            (request.method, request.path, request.host),
            ("GET", "/live.json", "localhost:1")
        );
    }
}
