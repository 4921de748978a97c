//! What goes over a connection of HTTP/1.1, whole in memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request or an answer: the first line, the headers and the body.
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A request; none where the connection ends before it begins.
    pub(crate) fn read_request(stream: &TcpStream) -> std::io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let Some(mut request) = Self::read_head(&mut reader)? else {
            return Ok(None);
        };
        if request.header("expect").is_some() {
            (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            request.headers.retain(|(name, _)| name != "expect");
        }
        request.read_body(&mut reader)?;
        Ok(Some(request))
    }

    /// The answer to a request of this method.
    pub(crate) fn read_answer(stream: &TcpStream, method: &str) -> std::io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut answer = Self::read_head(&mut reader)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        // The answer to HEAD says how long the body of one to GET would be.
        if method != "HEAD" {
            answer.read_body(&mut reader)?;
        }
        Ok(answer)
    }

    fn read_head(reader: &mut impl BufRead) -> std::io::Result<Option<Self>> {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        Ok(Some(Self {
            first: first.trim_end().to_owned(),
            headers,
            body: Vec::new(),
        }))
    }

    fn read_body(&mut self, reader: &mut impl Read) -> std::io::Result<()> {
        let length = self.header("content-length");
        let length = length.and_then(|length| length.parse().ok());
        self.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut self.body)
    }

    /// The first header of that name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| &**value)
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The path of a request, with its query.
    pub(crate) fn path(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// Writes it, with `sent` bytes of its body.
    pub(crate) fn write(&self, mut stream: &TcpStream, sent: usize) -> std::io::Result<()> {
        let mut text = format!("{}\r\n", self.first);
        let length = self.body.len().to_string();
        let length = match self.header("content-length") {
            Some(told) if self.body.is_empty() => Some(told),
            // 204 has no body, and may not say how long it is.
            None if self.first.contains(" 204") => None,
            _ => Some(&*length),
        };
        for (name, value) in &self.headers {
            if !matches!(&**name, "connection" | "content-length") {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        if let Some(length) = length {
            text.extend(["content-length: ", length, "\r\n"]);
        }
        text += "connection: close\r\n\r\n";
        stream.write_all(text.as_bytes())?;
        stream.write_all(&self.body[..sent])?;
        stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Both ends of a connection.
    fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn the_answer_to_head_has_a_length_and_no_body() {
        let (client, server) = connection();
        let answer = Message {
            first: "HTTP/1.1 200 OK".to_owned(),
            headers: vec![("content-length".to_owned(), "9".to_owned())],
            body: Vec::new(),
        };
        answer.write(&server, 0).unwrap();
        let read = Message::read_answer(&client, "HEAD").unwrap();
        assert_eq!(read.header("content-length"), Some("9"));
        assert!(read.body.is_empty());
    }

    #[test]
    fn who_waits_for_a_word_before_the_body_gets_it() {
        let (mut client, server) = connection();
        client
            .write_all(b"PUT /a?b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            .unwrap();
        let waiting = std::thread::spawn(move || {
            let mut word = [0; 25];
            client.read_exact(&mut word).unwrap();
            assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
            client.write_all(b"zip").unwrap();
        });
        let request = Message::read_request(&server).unwrap().unwrap();
        waiting.join().unwrap();
        assert_eq!((request.method(), request.path()), ("PUT", "/a?b"));
        assert_eq!(request.body, b"zip");
        assert_eq!(request.header("expect"), None);
    }
}
