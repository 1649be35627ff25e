//! An HTTPS server for tests that misbehaves in stated ways, and tells what it was asked.
//!
//! It has an authority of its own for each run: no key of a test is ever kept.

#![expect(
    clippy::expect_used,
    reason = "a server for tests stops at the first surprise"
)]

mod authority;
mod http;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub use authority::Certificate;
pub use http::Request;

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this status and no body.
    Status(u16),
    /// With a status and a text.
    Text(u16, String),
    /// With 307 and another address.
    Redirect(String),
    /// With 200, and a body of so many bytes.
    Large(usize),
    /// With bytes that are no HTTP.
    Garbage,
    /// With nothing: the connection is closed.
    Cut,
    /// Not for so long, then with 200.
    Late(Duration),
    /// With 200, and a body of so many bytes that comes one byte at a time, with such a pause before each.
    Trickle(usize, Duration),
}

/// How each request is answered.
type Script = dyn Fn(&Request) -> Answer + Send + Sync;

/// A server on a free port of the loopback; it ends with the process.
#[derive(Debug)]
pub struct Server {
    port: u16,
    roots_pem: String,
    asked: Mutex<Receiver<Request>>,
}

impl Server {
    /// Starts a server that answers every request alike.
    ///
    /// # Panics
    /// If the machine gives no port, or no certificate can be made.
    pub fn start(certificate: Certificate, answer: Answer) -> Self {
        Self::scripted(certificate, move |_| answer.clone())
    }

    /// Starts a server that answers by what it is asked.
    ///
    /// # Panics
    /// If the machine gives no port, or no certificate can be made.
    pub fn scripted(
        certificate: Certificate,
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let answer: Arc<Script> = Arc::new(answer);
        let (roots_pem, config) = authority::issue(certificate);
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(any).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, asked) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (config, tell) = (Arc::clone(&config), tell.clone());
                let answer = Arc::clone(&answer);
                let connection = connection.expect("a connection");
                thread::spawn(move || serve(connection, config, &tell, answer.as_ref()));
            }
        });
        Self {
            port,
            roots_pem,
            asked: Mutex::new(asked),
        }
    }

    /// An address on this server.
    pub fn address(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// The certificate of its authority.
    pub fn roots_pem(&self) -> &str {
        &self.roots_pem
    }

    /// What it was asked since the last call, in the order of arrival.
    ///
    /// # Panics
    /// If another thread panicked in here.
    pub fn asked(&self) -> Vec<Request> {
        let asked = self.asked.lock().expect("no test panicked with it");
        asked.try_iter().collect()
    }
}

/// Serves one request. A peer that does not like the certificate leaves without one.
fn serve(
    connection: TcpStream,
    config: Arc<ServerConfig>,
    tell: &Sender<Request>,
    script: &Script,
) {
    let session = ServerConnection::new(config).expect("a session");
    let mut stream = StreamOwned::new(session, connection);
    let Some(request) = http::read(&mut stream) else {
        return;
    };
    let answer = script(&request);
    // The test may be over.
    let _ = tell.send(request);
    if let Answer::Late(delay) = answer {
        thread::sleep(delay);
    }
    let _ = stream.write_all(&http::bytes_of(&answer));
    if let Answer::Trickle(length, pause) = answer {
        for _ in 0..length {
            thread::sleep(pause);
            if stream
                .write_all(b"x")
                .and_then(|()| stream.flush())
                .is_err()
            {
                return;
            }
        }
    }
    stream.conn.send_close_notify();
    let _ = stream.flush();
}
