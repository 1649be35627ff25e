//! A proxy between a store and its server, which loses a request or its reply.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::place::cluster;

const SOCKET: &str = ".s.PGSQL.5432";

/// The end of each answer of the server: `ReadyForQuery`, outside any transaction.
const READY: &[u8] = b"Z\0\0\0\x05I";

/// What becomes of the next request, and of its connection.
pub(crate) enum Fault {
    /// The server carries it out and answers; the answer and the connection are lost.
    LoseReply,
    /// The server never hears of it.
    LoseRequest,
    /// The connection is lost at once, and the request reaches the server when this comes.
    Delay(Receiver<()>),
    /// Nothing is lost, but nothing comes back either.
    Silence,
}

/// A proxy on a socket of its own.
pub(crate) struct Proxy {
    directory: TempDir,
    fault: Arc<Mutex<Option<Fault>>>,
    answered: Receiver<()>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(directory.path().join(SOCKET)).expect("a socket");
        let fault = Arc::new(Mutex::new(None));
        let (answers, answered) = channel();
        let shared = Arc::clone(&fault);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                let link = Link::open(client, Arc::clone(&shared), answers.clone());
                thread::spawn(move || link.carry_requests());
            }
        });
        Self {
            directory,
            fault,
            answered,
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The fault of the next request. The client must have nothing to say on its own.
    pub(crate) fn arm(&self, fault: Fault) {
        *self.fault.lock().expect("no panic") = Some(fault);
    }

    /// Waits until the server has answered a request whose answer is lost.
    pub(crate) fn wait_for_answer(&self) {
        self.answered
            .recv_timeout(Duration::from_secs(20))
            .expect("the server answers");
    }
}

/// One client and its connection to the server.
struct Link {
    client: UnixStream,
    server: UnixStream,
    fault: Arc<Mutex<Option<Fault>>>,
    lost: Arc<Mutex<Option<Lost>>>,
}

/// How an answer is lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    WithItsConnection,
    Silently,
}

impl Link {
    fn open(client: UnixStream, fault: Arc<Mutex<Option<Fault>>>, answered: Sender<()>) -> Self {
        let socket = cluster().socket_directory().join(SOCKET);
        let server = UnixStream::connect(socket).expect("a server");
        let lost = Arc::new(Mutex::new(None));
        let (from, to) = (server.try_clone(), client.try_clone());
        let (from, to) = (from.expect("a socket"), to.expect("a socket"));
        let shared = Arc::clone(&lost);
        thread::spawn(move || carry_answers(from, to, &shared, &answered));
        Self {
            client,
            server,
            fault,
            lost,
        }
    }

    fn carry_requests(mut self) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = self.client.read(&mut buffer).unwrap_or(0);
            if read == 0 {
                let _ = self.server.shutdown(Shutdown::Both);
                return;
            }
            let fault = self.fault.lock().expect("no panic").take();
            if let Some(fault) = fault {
                self.fail(fault, &buffer[..read]);
                return;
            }
            if self.server.write_all(&buffer[..read]).is_err() {
                return;
            }
        }
    }

    fn fail(mut self, fault: Fault, request: &[u8]) {
        let is_silent = matches!(fault, Fault::Silence);
        *self.lost.lock().expect("no panic") = Some(if is_silent {
            Lost::Silently
        } else {
            Lost::WithItsConnection
        });
        match fault {
            Fault::LoseReply | Fault::Silence => (),
            Fault::LoseRequest => {
                let _ = self.server.shutdown(Shutdown::Both);
                let _ = self.client.shutdown(Shutdown::Both);
                return;
            }
            Fault::Delay(released) => {
                self.client.shutdown(Shutdown::Both).expect("a client");
                released.recv().expect("a test that goes on");
            }
        }
        self.server.write_all(request).expect("a server");
        if is_silent {
            // Until the client gives up.
            let _ = self.client.read(&mut [0]);
        }
    }
}

fn carry_answers(
    mut server: UnixStream,
    mut client: UnixStream,
    lost: &Mutex<Option<Lost>>,
    answered: &Sender<()>,
) {
    let mut buffer = vec![0; 1 << 16];
    let mut unheard = Vec::new();
    loop {
        let read = server.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            let _ = client.shutdown(Shutdown::Both);
            return;
        }
        let lost = *lost.lock().expect("no panic");
        let Some(lost) = lost else {
            // A client that is gone hears nothing.
            let _ = client.write_all(&buffer[..read]);
            continue;
        };
        unheard.extend_from_slice(&buffer[..read]);
        if unheard.ends_with(READY) {
            // Whoever does not wait for it is not told.
            let _ = answered.send(());
            if lost == Lost::WithItsConnection {
                let _ = client.shutdown(Shutdown::Both);
            }
            return;
        }
    }
}
