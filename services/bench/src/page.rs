//! A page as the portal sees one: a gRPC-Web call over HTTP/1.1, on a connection of its own, that is answered for ever.

use evcharging_common::error::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// An open page.
pub struct Page {
    connection: BufReader<TcpStream>,
    /// What has come and is not yet a whole message.
    received: Vec<u8>,
}

impl Page {
    /// Calls a method with an empty message.
    pub async fn open(page: &str, method: &str, cookie: &str) -> Result<Self, Error> {
        let host = page.trim_start_matches("http://");
        let mut connection = TcpStream::connect(host).await.map_err(Error::internal)?;
        let head = format!(
            "POST /{method} HTTP/1.1\r\nHost: {host}\r\nOrigin: {page}\r\nCookie: {cookie}\r\n\
             Content-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\nContent-Length: 5\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.map_err(Error::internal)?;
        connection.write_all(&[0; 5]).await.map_err(Error::internal)?;
        let mut connection = BufReader::new(connection);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if connection.read_line(&mut line).await.map_err(Error::internal)? == 0 {
                return Err(Error::internal("the portal did not answer"));
            }
            if line.starts_with("grpc-status:") || (line.starts_with("HTTP/1.1") && !line.contains(" 200 ")) {
                return Err(Error::internal(format!("the portal answered {line}")));
            }
        }
        Ok(Self { connection, received: Vec::new() })
    }

    /// The next message: a byte of flags, four of length, the message; cut into chunks anywhere.
    pub async fn next(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            if let Some((&[flags, a, b, c, d], rest)) = self.received.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([a, b, c, d]) as usize;
                if rest.len() >= length {
                    let message = rest[..length].to_vec();
                    self.received.drain(..5 + length);
                    // The last message holds the trailers: the portal ends the call.
                    if flags & 0x80 != 0 {
                        return Err(Error::internal(String::from_utf8_lossy(&message)));
                    }
                    return Ok(message);
                }
            }
            self.chunk().await?;
        }
    }

    async fn chunk(&mut self) -> Result<(), Error> {
        let mut line = String::new();
        self.connection.read_line(&mut line).await.map_err(Error::internal)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(Error::internal)?;
        let before = self.received.len();
        self.received.resize(before + length, 0);
        self.connection.read_exact(&mut self.received[before..]).await.map_err(Error::internal)?;
        self.connection.read_exact(&mut [0; 2]).await.map_err(Error::internal)?;
        Ok(())
    }
}
