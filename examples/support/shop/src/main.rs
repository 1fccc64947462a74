//! A small shop behind MCP: `shop --db shop.db`, over standard input and output, or `--http 127.0.0.1:7400`.
//!
//! A new database is filled with the same customers and orders every time. `--ledger` prints what truly happened.

mod database;
mod seed;
mod server;
mod travel;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::database::Database;
use crate::server::{Shop, Watched};

const USAGE: &str = "\
shop --db PATH [--delay-ms N] [--http ADDRESS]   serve the shop over MCP
shop --db PATH --ledger                          print every effect that happened, one JSON line each

--delay-ms N   every piece of work takes N ms before and N ms after its effect";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    db: Option<PathBuf>,
    http: Option<String>,
    delay: Duration,
    ledger: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let Some(path) = options.db else { bail!("the shop needs a database\n\n{USAGE}") };
    let database = Database::open(&path).with_context(|| format!("can't open {}", path.display()))?;
    if options.ledger {
        for line in database.ledger()? {
            println!("{line}");
        }
        return Ok(());
    }
    let shop = Shop::new(Arc::new(database), options.delay);
    match options.http {
        Some(address) => serve_http(shop, &address).await,
        None => serve_stdio(shop).await,
    }
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value\n\n{USAGE}"));
            match word.as_str() {
                "--db" => options.db = Some(value()?.into()),
                "--http" => options.http = Some(value()?),
                "--delay-ms" => {
                    let milliseconds = value()?.parse().context("--delay-ms takes a number")?;
                    options.delay = Duration::from_millis(milliseconds);
                }
                "--ledger" => options.ledger = true,
                "--help" | "-h" => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                other => bail!("the shop doesn't know {other}\n\n{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// Serves one client until its end of the line closes. Work under way is dropped with it: nobody is left to answer.
async fn serve_stdio(shop: Shop) -> Result<()> {
    let (stdin, stdout) = rmcp::transport::stdio();
    let (stdin, closed) = Watched::new(stdin);
    let service = tokio::select! {
        biased;
        () = closed.notified() => return Ok(()),
        started = shop.serve((stdin, stdout)) => match started {
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            started => started?,
        },
    };
    tokio::select! {
        biased;
        () = closed.notified() => {}
        ended = service.waiting() => { ended?; }
    }
    Ok(())
}

async fn serve_http(shop: Shop, address: &str) -> Result<()> {
    let service = StreamableHttpService::new(
        move || Ok(shop.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let listener =
        tokio::net::TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))?;
    eprintln!("the shop is open at http://{}/mcp", listener.local_addr()?);
    axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?;
    Ok(())
}
