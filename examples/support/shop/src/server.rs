//! The shop's counter: its work as MCP tools.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, ServerCapabilities, ServerConfig};
use rmcp::{ErrorData, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;

use crate::database::{Database, Refused};

/// The shop as a server.
#[derive(Clone)]
pub(crate) struct Shop {
    database: Arc<Database>,
    delay: Duration,
    tool_router: ToolRouter<Self>,
}

#[derive(Deserialize, JsonSchema)]
struct Email {
    email: String,
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    order_id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Customer {
    /// The customer's id.
    customer: String,
}

#[derive(Deserialize, JsonSchema)]
struct Payment {
    /// What to do: `refund` is all that this counter does.
    method: String,
    order: String,
    amount: f64,
    /// The same key twice pays once.
    idempotency_key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Mail {
    to: String,
    body: String,
    /// The same id twice sends once.
    message_id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Case {
    order_id: String,
    /// What a person needs to know.
    summary: String,
}

#[derive(Deserialize, JsonSchema)]
struct SeatWanted {
    train: String,
    day: String,
    /// The same id twice books once.
    request_id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Seat {
    seat: String,
}

#[derive(Deserialize, JsonSchema)]
struct RoomWanted {
    hotel: String,
    day: String,
}

#[derive(Deserialize, JsonSchema)]
struct Room {
    room: String,
    /// The same id twice lets go once.
    request_id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Charge {
    card: String,
    amount: f64,
    /// The same id twice charges once.
    request_id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Note {
    order_id: String,
    text: String,
}

type Told = Result<CallToolResult, ErrorData>;

#[tool_router(router = tool_router)]
impl Shop {
    /// Opens the counter.
    pub(crate) fn new(database: Arc<Database>, delay: Duration) -> Self {
        Self { database, delay, tool_router: Self::tool_router() }
    }

    #[tool(description = "Finds the customer with an email address.", annotations(read_only_hint = true))]
    async fn find_customer(&self, Parameters(args): Parameters<Email>) -> Told {
        self.work(|shop| shop.find_customer(&args.email)).await
    }

    #[tool(description = "Reads one order.", annotations(read_only_hint = true))]
    async fn find_order(&self, Parameters(args): Parameters<Order>) -> Told {
        self.work(|shop| shop.find_order(&args.order_id)).await
    }

    #[tool(description = "Reads all orders of one customer.", annotations(read_only_hint = true))]
    async fn find_history(&self, Parameters(args): Parameters<Customer>) -> Told {
        self.work(|shop| shop.find_history(&args.customer)).await
    }

    #[tool(description = "Asks the carrier where a parcel is.", annotations(read_only_hint = true))]
    async fn track_parcel(&self, Parameters(args): Parameters<Order>) -> Told {
        self.work(|shop| shop.track_parcel(&args.order_id)).await
    }

    #[tool(description = "Writes a payment: method `refund` pays money back.")]
    async fn payment_write(&self, Parameters(args): Parameters<Payment>) -> Told {
        self.work(|shop| match (args.method.as_str(), cents(args.amount)) {
            ("refund", Some(cents)) => shop.refund(&args.order, cents, &args.idempotency_key),
            ("refund", None) => Err(Refused::No {
                code: "bad_amount",
                text: format!("{} is no amount of money", args.amount),
            }),
            (other, _) => {
                Err(Refused::No { code: "bad_method", text: format!("there is no method `{other}`") })
            }
        })
        .await
    }

    #[tool(description = "Sends a plain-text mail.")]
    async fn send_mail(&self, Parameters(args): Parameters<Mail>) -> Told {
        self.work(|shop| shop.send_mail(&args.to, &args.body, &args.message_id)).await
    }

    #[tool(description = "Opens a case for a person to look at. Takes no key.")]
    async fn open_case(&self, Parameters(args): Parameters<Case>) -> Told {
        self.work(|shop| shop.open_case(&args.order_id, &args.summary)).await
    }

    #[tool(description = "Books a seat on a train.")]
    async fn book_seat(&self, Parameters(args): Parameters<SeatWanted>) -> Told {
        self.work(|desk| desk.book_seat(&args.train, &args.day, &args.request_id)).await
    }

    #[tool(description = "Gives a seat back.", annotations(idempotent_hint = true))]
    async fn cancel_seat(&self, Parameters(args): Parameters<Seat>) -> Told {
        self.work(|desk| desk.cancel_seat(&args.seat)).await
    }

    #[tool(description = "Holds a room. Takes no key.")]
    async fn hold_room(&self, Parameters(args): Parameters<RoomWanted>) -> Told {
        self.work(|desk| desk.hold_room(&args.hotel, &args.day)).await
    }

    #[tool(description = "Lets a room go.")]
    async fn release_room(&self, Parameters(args): Parameters<Room>) -> Told {
        self.work(|desk| desk.release_room(&args.room, &args.request_id)).await
    }

    #[tool(description = "Charges a card.")]
    async fn charge_card(&self, Parameters(args): Parameters<Charge>) -> Told {
        self.work(|desk| match cents(args.amount) {
            Some(cents) => desk.charge_card(&args.card, cents, &args.request_id),
            None => Err(Refused::No {
                code: "bad_amount",
                text: format!("{} is no amount of money", args.amount),
            }),
        })
        .await
    }

    #[tool(description = "Writes the note on an order.", annotations(idempotent_hint = true))]
    async fn note_order(&self, Parameters(args): Parameters<Note>) -> Told {
        self.work(|shop| shop.note_order(&args.order_id, &args.text)).await
    }

    async fn work(&self, body: impl FnOnce(&Database) -> Result<Value, Refused> + Send) -> Told {
        tokio::time::sleep(self.delay).await;
        let answer = body(&self.database);
        tokio::time::sleep(self.delay).await;
        Ok(match answer {
            Ok(value) => CallToolResult::structured(value),
            Err(Refused::No { code, text }) => failed(code, text),
            Err(Refused::Broken(error)) => failed("broken", format!("the shop's database fails: {error}")),
        })
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Shop {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

fn failed(code: &str, text: String) -> CallToolResult {
    let mut result = CallToolResult::structured_error(json!({ "code": code, "text": text }));
    result.content = vec![ContentBlock::text(text)];
    result
}

/// An amount in whole cents, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far within range and whole")]
fn cents(amount: f64) -> Option<i64> {
    let cents = (amount * 100.0).round();
    let is_whole = (amount * 100.0 - cents).abs() < 1e-6;
    (is_whole && cents.abs() < 1e12).then_some(cents as i64)
}

/// Standard input, and word of its end.
pub(crate) struct Watched<R> {
    inner: R,
    closed: Arc<Notify>,
}

impl<R> Watched<R> {
    pub(crate) fn new(inner: R) -> (Self, Arc<Notify>) {
        let closed = Arc::new(Notify::new());
        (Self { inner, closed: Arc::clone(&closed) }, closed)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.inner).poll_read(ctx, buffer));
        if read.is_err() || buffer.filled().len() == before {
            this.closed.notify_one();
        }
        Poll::Ready(read)
    }
}
