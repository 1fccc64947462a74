//! The two clients for all HTTP APIs: one keeps connections open, the other makes one for each call.
//!
//! Whatever a client may do by itself is switched off: redirects, retries, proxies. It connects only to addresses that a
//! server's name may lead to; they are looked at where they are resolved, for each connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use handfast_engine::ToolError;
use handfast_events::FailureClass;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::http::address::{Place, may_lead};
use crate::limits::{HTTP_IDLE_MAX, HTTP_IDLE_TIME, TCP_CONNECT_TIMEOUT};
use crate::trouble::{trouble, with_causes};

/// What becomes of a connection after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It waits for the next call.
    Open,
    /// It is closed.
    Nothing,
}

/// The client that keeps its connections so.
pub(crate) fn client(keep: Keep) -> Result<Client, ToolError> {
    static OPEN: OnceLock<Client> = OnceLock::new();
    static NOTHING: OnceLock<Client> = OnceLock::new();
    let (slot, idle) = match keep {
        Keep::Open => (&OPEN, HTTP_IDLE_MAX),
        Keep::Nothing => (&NOTHING, 0),
    };
    if let Some(client) = slot.get() {
        return Ok(client.clone());
    }
    // Refused when a provider is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = built(Guarded(looked_up), idle)
        .map_err(|error| trouble(FailureClass::Unavailable, with_causes(&error)))?;
    Ok(slot.get_or_init(|| client).clone())
}

fn built(names: Guarded, idle: usize) -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // A proxy would resolve names itself, and nobody could look at where they lead.
        .no_proxy()
        .dns_resolver(Arc::new(names))
        .connector_layer(Noting)
        .connect_timeout(TCP_CONNECT_TIMEOUT)
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(HTTP_IDLE_TIME)
        .build()
}

/// A name that leads where it may not.
#[derive(Debug, thiserror::Error)]
#[error(
    "the public name `{name}` leads to {address}, {}: name that place in the contract by its address, or by a name that \
     is not public (`cms.internal`)",
    Place::of(*.address).words()
)]
pub(crate) struct Astray {
    name: String,
    address: IpAddr,
}

type Found = BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// As the machine does it.
fn looked_up(name: String) -> Found {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
}

/// Looks a name up, and leaves out what it may not lead to. An address in a URL is never looked up.
struct Guarded(fn(String) -> Found);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let found = (self.0)(name.clone());
        Box::pin(async move {
            let found = found.await?;
            let (good, astray): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|address| may_lead(&name, address.ip()));
            if let (true, Some(address)) = (good.is_empty(), astray.first()) {
                return Err(Astray { name, address: address.ip() }.into());
            }
            let addresses: Addrs = Box::new(good.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the connection of one call was made: before that, nothing can have left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connected {
    is_made: Arc<AtomicBool>,
    /// One that is made later is of no use.
    by: Option<Instant>,
}

/// The connection was made when it was too late to send.
#[derive(Debug, thiserror::Error)]
#[error("the connection was made too late: nothing was sent")]
pub(crate) struct TooLate;

tokio::task_local! {
    static CONNECTED: Connected;
}

impl Connected {
    /// To be made by then.
    pub(crate) fn by(by: Option<Instant>) -> Self {
        Self { is_made: Arc::default(), by }
    }

    /// Lets the call happen; its connection is made within.
    pub(crate) fn watch<F: Future>(&self, call: F) -> impl Future<Output = F::Output> + use<F> {
        CONNECTED.scope(self.clone(), call)
    }

    pub(crate) fn is_made(&self) -> bool {
        self.is_made.load(Ordering::Acquire)
    }

    /// It is made now, just before the first byte; an error where that is too late.
    fn make(&self) -> Result<(), TooLate> {
        if self.by.is_some_and(|by| Instant::now() > by) {
            return Err(TooLate);
        }
        self.is_made.store(true, Ordering::Release);
        Ok(())
    }
}

/// Notes for a call that its connection is made.
#[derive(Clone)]
struct Noting;

/// A connector that notes it.
#[derive(Clone)]
struct Noted<S>(S);

impl<S> Layer<S> for Noting {
    type Service = Noted<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Noted(inner)
    }
}

impl<S, R> Service<R> for Noted<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: From<TooLate> + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(ctx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.0.call(request);
        Box::pin(async move {
            let made = connecting.await?;
            // Outside of a call nobody asks.
            CONNECTED.try_with(Connected::make).unwrap_or(Ok(()))?;
            Ok(made)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use handfast_contract::Transport;
    use handfast_engine::ToolOutcome;

    use super::*;
    use crate::http::answer::unanswered;
    use crate::tools::Site;

    fn site() -> Site {
        let transport = Transport::Http { url: String::new(), bearer: None, headers: Default::default() };
        Site { name: "cms".into(), transport, directory: Default::default() }
    }

    async fn refused(client: &Client, url: String) -> ToolError {
        let error = client.get(url).send().await.unwrap_err();
        match unanswered(&site(), &error) {
            ToolOutcome::NotSent(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody who listens on this machine, with their port.
    async fn listening() -> (tokio::net::TcpListener, u16) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn a_public_name_that_leads_into_the_network_is_not_followed() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (listener, port) = listening().await;
        let lookup = |_: String| -> Found { Box::pin(async { Ok(vec!["127.0.0.1:0".parse().unwrap()]) }) };
        let client = built(Guarded(lookup), 0).unwrap();
        let error = refused(&client, format!("http://api.example.com:{port}/")).await;
        assert_eq!(error.class, Some(FailureClass::Author));
        assert!(
            error.text.contains("the public name `api.example.com` leads to 127.0.0.1, this machine"),
            "{}",
            error.text
        );
        // The contract names that machine itself: by a name that is nobody's else, or by its address.
        for host in ["shop.localhost", "shop.internal", "127.0.0.1"] {
            let (sent, met) = tokio::join!(client.get(format!("http://{host}:{port}/")).send(), async {
                listener.accept().await.map(|_| ())
            });
            assert!(sent.is_err() && met.is_ok(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_made_too_late_carries_nothing() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (listener, port) = listening().await;
        let lookup = |_: String| -> Found {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(vec!["127.0.0.1:0".parse().unwrap()])
            })
        };
        let client = built(Guarded(lookup), 0).unwrap();
        for (by, arrives) in [(Duration::from_millis(20), false), (Duration::from_secs(20), true)] {
            let connected = Connected::by(Some(Instant::now() + by));
            let request = client.get(format!("http://shop.internal:{port}/")).send();
            let (sent, heard) = tokio::join!(connected.watch(request), async {
                use tokio::io::AsyncReadExt as _;
                let mut byte = [0];
                listener.accept().await.unwrap().0.read(&mut byte).await
            });
            assert_eq!((connected.is_made(), heard.unwrap_or(0) == 1), (arrives, arrives));
            let outcome = unanswered(&site(), &sent.unwrap_err());
            assert_eq!(matches!(outcome, ToolOutcome::NotSent(_)), !arrives, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_the_second_time_is_looked_at_again() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (listener, port) = listening().await;
        // A public address first, where nobody answers, then this machine.
        let lookup = |_: String| -> Found {
            let first = ASKED.fetch_add(1, Ordering::SeqCst) == 0;
            let address = if first { "192.0.2.1:0" } else { "127.0.0.1:0" };
            Box::pin(async move { Ok(vec![address.parse().unwrap()]) })
        };
        let client = built(Guarded(lookup), 0).unwrap();
        let url = format!("http://rebound.example.com:{port}/");
        let patient = Duration::from_millis(50);
        let _ = tokio::time::timeout(patient, client.get(&url).send()).await;
        assert_eq!(refused(&client, url).await.class, Some(FailureClass::Author));
        assert!(tokio::time::timeout(patient, listener.accept()).await.is_err());
    }
}
