//! A provider of our own on loopback: it gives one prepared reply a request, and keeps what it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::any;
use futures_util::{StreamExt as _, stream};
use tokio::task::JoinSet;

/// A piece of a reply's body.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// These bytes, as one chunk.
    Bytes(Vec<u8>),
    /// The connection breaks.
    Cut,
    /// Nothing more, and no end.
    Silence,
}

/// One reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<Piece>,
    /// It never even begins.
    pub(crate) hangs: bool,
}

impl Reply {
    /// A whole JSON document.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".into())];
        Self { status, headers, body: vec![Piece::Bytes(body.as_bytes().to_vec())], hangs: false }
    }

    /// A stream in these pieces.
    pub(crate) fn stream(body: Vec<Piece>) -> Self {
        let headers = vec![("content-type", "text/event-stream".into()), ("x-request-id", "req-1".into())];
        Self { status: 200, headers, body, hangs: false }
    }

    /// The same with one header more.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Nothing, for ever.
    pub(crate) fn never() -> Self {
        Self { hangs: true, ..Self::json(200, "") }
    }
}

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Default)]
struct Shared {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

/// The double. Its tasks end with it.
pub(crate) struct Double {
    /// Its base URL.
    pub(crate) url: String,
    shared: Arc<Mutex<Shared>>,
    _tasks: JoinSet<()>,
}

impl Double {
    /// A provider that gives these replies, in order; asked once more it answers 599, which no test expects.
    pub(crate) async fn giving(replies: impl IntoIterator<Item = Reply>) -> Self {
        let shared =
            Arc::new(Mutex::new(Shared { replies: replies.into_iter().collect(), asked: Vec::new() }));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(any(serve)).with_state(shared.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, _tasks: tasks }
    }

    /// All that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.lock().unwrap().asked.clone()
    }
}

async fn serve(State(shared): State<Arc<Mutex<Shared>>>, request: axum::extract::Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let reply = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(Asked { path: parts.uri.path().into(), headers: parts.headers, body });
        shared.replies.pop_front()
    };
    let reply = reply.unwrap_or_else(|| Reply::json(599, "asked once too often"));
    if reply.hangs {
        std::future::pending::<Infallible>().await;
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let pieces = stream::iter(reply.body).then(|piece| async move {
        // So that each piece is written by itself: what comes next waits until the client could read this one.
        tokio::task::yield_now().await;
        match piece {
            Piece::Bytes(bytes) => Ok(Bytes::from(bytes)),
            Piece::Cut => Err(std::io::Error::other("cut")),
            Piece::Silence => std::future::pending().await,
        }
    });
    response.body(Body::from_stream(pieces)).unwrap()
}
