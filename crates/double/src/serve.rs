//! One connection after the other: each request is remembered, decided on, and answered.

use std::io::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::asked::Asked;
use crate::behaviour::Behaviour;
use crate::cue::Cue;
use crate::http::{self, Fate, Pace, Request};
use crate::limits::{ASKED_MAX, CONNECTIONS_MAX};
use crate::reply::{self, Reply};
use crate::wire::Wire;

/// What all connections share.
pub(crate) struct Stage {
    started: Instant,
    inner: Mutex<Inner>,
    /// How many requests were remembered.
    count: watch::Sender<usize>,
}

struct Inner {
    behaviour: Box<dyn Behaviour>,
    asked: Vec<Asked>,
    strays: Vec<String>,
}

impl Stage {
    pub(crate) fn new(behaviour: impl Behaviour) -> Self {
        let inner = Inner { behaviour: Box::new(behaviour), asked: Vec::new(), strays: Vec::new() };
        Self { started: Instant::now(), inner: Mutex::new(inner), count: watch::Sender::new(0) }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    pub(crate) fn strays(&self) -> Vec<String> {
        self.lock().strays.clone()
    }

    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// A behaviour that panics fails its own request, and no other.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request and decides on it, in one: so that they are decided on in the order of their ordinals.
    fn answer(&self, request: Request) -> (Reply, Pace) {
        let wire = Wire::of(&request.path).filter(|_| request.method == "POST");
        let mut inner = self.lock();
        let at_once = |reply| (reply, Cue::said("").pace());
        if inner.asked.len() + inner.strays.len() >= ASKED_MAX {
            return at_once(reply::misuse("the double was asked more often than it remembers"));
        }
        let Some(wire) = wire else {
            inner.strays.push(format!("{} {}", request.method, request.path));
            return at_once(reply::stray());
        };
        let asked = Asked {
            ordinal: inner.asked.len() as u64 + 1,
            at: self.started.elapsed(),
            wire,
            path: request.path,
            headers: request.headers,
            json: serde_json::from_slice(&request.body).unwrap_or_default(),
            body: request.body,
        };
        inner.asked.push(asked.clone());
        self.count.send_replace(inner.asked.len());
        let cue = inner.behaviour.cue(&asked);
        drop(inner);
        (reply::reply(&cue, &asked), cue.pace())
    }
}

/// Serves until it is dropped, and its connections with it.
pub(crate) async fn serve(listener: TcpListener, stage: Arc<Stage>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        // What fails here is one client's connection, or a file too many for now.
        let Ok((socket, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let stage = stage.clone();
        connections.spawn(async move {
            // A client that leaves or talks nonsense is not told: it is gone.
            let _ = connection(socket, &stage).await;
        });
    }
}

async fn connection(socket: TcpStream, stage: &Stage) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut socket = BufReader::new(socket);
    while let Some(request) = http::read(&mut socket).await? {
        let closes = request.headers.get("connection").is_some_and(|wish| wish.eq_ignore_ascii_case("close"));
        let (reply, pace) = stage.answer(request);
        if http::write(socket.get_mut(), reply, pace).await? == Fate::Ends || closes {
            break;
        }
    }
    Ok(())
}
