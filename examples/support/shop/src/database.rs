//! The shop's own truth: customers, orders, what was done to them, and the ledger of every effect.
//!
//! Safe with several processes: each piece of work is one transaction that takes the write lock first. Work with a
//! key is done once: the same key again gets the same answer.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};

use crate::seed::SEED;
use crate::travel;

const SCHEMA: &str = "
CREATE TABLE customer (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;
CREATE TABLE purchase (
  id TEXT PRIMARY KEY, customer TEXT NOT NULL REFERENCES customer, item TEXT NOT NULL,
  total INTEGER NOT NULL, status TEXT NOT NULL, ordered TEXT NOT NULL) STRICT;
CREATE TABLE parcel (
  purchase TEXT PRIMARY KEY REFERENCES purchase, carrier TEXT NOT NULL, place TEXT NOT NULL,
  expected TEXT NOT NULL, state TEXT NOT NULL, busy INTEGER NOT NULL) STRICT;
CREATE TABLE refund (id TEXT PRIMARY KEY, purchase TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL) STRICT;
CREATE TABLE mail (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE support_case (id INTEGER PRIMARY KEY, purchase TEXT NOT NULL, summary TEXT NOT NULL) STRICT;
CREATE TABLE answered (key TEXT PRIMARY KEY, question TEXT NOT NULL, answer TEXT NOT NULL) STRICT;
CREATE TABLE ledger (
  n INTEGER PRIMARY KEY, effect TEXT NOT NULL, subject TEXT NOT NULL, key TEXT, detail TEXT NOT NULL) STRICT;
";

/// How long one process waits for another's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The open database.
pub(crate) struct Database(Mutex<Connection>);

/// Why the shop doesn't do something, in a code for machines and a text for people.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The shop says no.
    No { code: &'static str, text: String },
    /// Its database fails.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

pub(crate) type Answer = Result<Value, Refused>;

pub(crate) fn no<T>(code: &'static str, text: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::No { code, text: text.into() })
}

impl Database {
    /// Opens the shop, and fills it where it is new.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(SEED)?;
        }
        if version < 2 {
            transaction.execute_batch(travel::SCHEMA)?;
            transaction.pragma_update(None, "user_version", 2)?;
        }
        transaction.commit()?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Every effect that happened, in order.
    pub(crate) fn ledger(&self) -> rusqlite::Result<Vec<Value>> {
        let connection = self.lock();
        let mut query =
            connection.prepare("SELECT n, effect, subject, key, detail FROM ledger ORDER BY n")?;
        let rows = query.query_map([], |row| {
            let detail: String = row.get(4)?;
            Ok(json!({
                "n": row.get::<_, i64>(0)?,
                "effect": row.get::<_, String>(1)?,
                "subject": row.get::<_, String>(2)?,
                "key": row.get::<_, Option<String>>(3)?,
                "detail": serde_json::from_str::<Value>(&detail).unwrap_or(Value::String(detail)),
            }))
        })?;
        rows.collect()
    }

    /// The one customer with this address.
    pub(crate) fn find_customer(&self, email: &str) -> Answer {
        let found = self
            .lock()
            .query_row("SELECT id, name, email FROM customer WHERE email = lower(?1)", [email], |row| {
                Ok(json!({
                    "id": row.get::<_, String>(0)?,
                    "name": row.get::<_, String>(1)?,
                    "email": row.get::<_, String>(2)?,
                }))
            })
            .optional()?;
        found.map_or_else(|| no("not_found", format!("no customer has the address {email}: not found")), Ok)
    }

    /// One order.
    pub(crate) fn find_order(&self, order_id: &str) -> Answer {
        purchase(&self.lock(), order_id).map(|found| found.shown())
    }

    /// All orders of one customer, the newest first.
    pub(crate) fn find_history(&self, customer: &str) -> Answer {
        let connection = self.lock();
        let mut query =
            connection.prepare(&format!("{PURCHASE} WHERE customer = ?1 ORDER BY ordered DESC"))?;
        let rows = query.query_map([customer], Purchase::read)?;
        let orders = rows.map(|row| row.map(|found| found.shown())).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "orders": orders }))
    }

    /// Where an order's parcel is.
    pub(crate) fn track_parcel(&self, order_id: &str) -> Answer {
        self.work(|transaction| {
            purchase(transaction, order_id)?;
            let asked = transaction
                .execute("UPDATE parcel SET busy = busy - 1 WHERE purchase = ?1 AND busy > 0", [order_id])?;
            if asked > 0 {
                return no("overloaded", "the carrier's desk is busy: ask again in a moment");
            }
            let found = transaction
                .query_row(
                    "SELECT carrier, place, expected, state FROM parcel WHERE purchase = ?1",
                    [order_id],
                    |row| {
                        Ok(json!({
                            "order_id": order_id,
                            "carrier": row.get::<_, String>(0)?,
                            "place": row.get::<_, String>(1)?,
                            "expected": row.get::<_, String>(2)?,
                            "state": row.get::<_, String>(3)?,
                        }))
                    },
                )
                .optional()?;
            found.map_or_else(
                || no("not_found", format!("no parcel of order {order_id} is on its way: not found")),
                Ok,
            )
        })
    }

    /// Pays money back for one order, once a key.
    pub(crate) fn refund(&self, order_id: &str, cents: i64, key: &str) -> Answer {
        let question = json!({ "refund": order_id, "cents": cents });
        self.once(key, &question, |transaction| {
            let found = purchase(transaction, order_id)?;
            if found.status == "refunded" {
                return no("already_refunded", format!("order {order_id} has been refunded already"));
            }
            if cents <= 0 || cents > found.total {
                let (asked, paid) = (money(cents), money(found.total));
                return no("bad_amount", format!("{asked} can't be paid back for an order of {paid}"));
            }
            let refund_id = format!("r-{order_id}");
            transaction
                .execute("INSERT INTO refund VALUES (?1, ?2, ?3)", params![refund_id, order_id, cents])?;
            transaction.execute("UPDATE purchase SET status = 'refunded' WHERE id = ?1", [order_id])?;
            write_down(transaction, "refund", order_id, Some(key), &json!({ "amount": money(cents) }))?;
            Ok(json!({ "refund_id": refund_id, "order_id": order_id, "amount": money(cents) }))
        })
    }

    /// Sends one mail, once a key.
    pub(crate) fn send_mail(&self, to: &str, body: &str, key: &str) -> Answer {
        let question = json!({ "mail": to, "body": body });
        self.once(key, &question, |transaction| {
            if !to.contains('@') {
                return no("bad_address", format!("`{to}` is no address"));
            }
            transaction.execute("INSERT INTO mail (recipient, body) VALUES (?1, ?2)", [to, body])?;
            write_down(transaction, "mail", to, Some(key), &json!({ "body": body }))?;
            Ok(json!({ "to": to }))
        })
    }

    /// Opens a case for a person. Takes no key: asked twice, it opens two.
    pub(crate) fn open_case(&self, order_id: &str, summary: &str) -> Answer {
        self.work(|transaction| {
            purchase(transaction, order_id)?;
            transaction.execute(
                "INSERT INTO support_case (purchase, summary) VALUES (?1, ?2)",
                [order_id, summary],
            )?;
            let case_id = format!("case-{}", transaction.last_insert_rowid());
            write_down(
                transaction,
                "case",
                order_id,
                None,
                &json!({ "case_id": case_id, "summary": summary }),
            )?;
            Ok(json!({ "case_id": case_id }))
        })
    }

    /// One transaction that has the write lock from its start; what is refused leaves nothing, but for the count of
    /// how often the carrier's desk was asked.
    pub(crate) fn work(&self, body: impl FnOnce(&Transaction<'_>) -> Answer) -> Answer {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = body(&transaction);
        match answer {
            Ok(_) | Err(Refused::No { code: "overloaded", .. }) => transaction.commit()?,
            Err(_) => transaction.rollback()?,
        }
        answer
    }

    /// The same, done once a key.
    pub(crate) fn once(
        &self,
        key: &str,
        question: &Value,
        body: impl FnOnce(&Transaction<'_>) -> Answer,
    ) -> Answer {
        self.work(|transaction| {
            let before: Option<(String, String)> = transaction
                .query_row("SELECT question, answer FROM answered WHERE key = ?1", [key], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let question = question.to_string();
            match before {
                Some((asked, answer)) if asked == question => {
                    Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
                }
                Some(_) => no("key_reused", format!("the key {key} was used for something else")),
                None => {
                    let answer = body(transaction)?;
                    transaction.execute(
                        "INSERT INTO answered VALUES (?1, ?2, ?3)",
                        params![key, question, answer.to_string()],
                    )?;
                    Ok(answer)
                }
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PURCHASE: &str = "SELECT id, customer, item, total, status, ordered FROM purchase";

pub(crate) struct Purchase {
    id: String,
    customer: String,
    item: String,
    total: i64,
    status: String,
    ordered: String,
}

impl Purchase {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            customer: row.get(1)?,
            item: row.get(2)?,
            total: row.get(3)?,
            status: row.get(4)?,
            ordered: row.get(5)?,
        })
    }

    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "customer": self.customer,
            "item": self.item,
            "total": money(self.total),
            "status": self.status,
            "ordered": self.ordered,
        })
    }
}

pub(crate) fn purchase(connection: &Connection, order_id: &str) -> Result<Purchase, Refused> {
    let found =
        connection.query_row(&format!("{PURCHASE} WHERE id = ?1"), [order_id], Purchase::read).optional()?;
    found.map_or_else(|| no("not_found", format!("there is no order {order_id}: not found")), Ok)
}

pub(crate) fn write_down(
    transaction: &Transaction<'_>,
    effect: &str,
    subject: &str,
    key: Option<&str>,
    detail: &Value,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO ledger (effect, subject, key, detail) VALUES (?1, ?2, ?3, ?4)",
        params![effect, subject, key, detail.to_string()],
    )?;
    Ok(())
}

/// Cents as an amount.
#[expect(clippy::cast_precision_loss, reason = "no order of this shop costs 90 billion")]
pub(crate) fn money(cents: i64) -> f64 {
    cents as f64 / 100.0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn shop() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("shop.db")).unwrap();
        (folder, database)
    }

    pub(crate) fn code(answer: Answer) -> &'static str {
        match answer {
            Err(Refused::No { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_key_twice_pays_once() {
        let (folder, database) = shop();
        let first = database.refund("1043", 3990, "k1").unwrap();
        let other = Database::open(&folder.path().join("shop.db")).unwrap();
        assert_eq!(other.refund("1043", 3990, "k1").unwrap(), first);
        assert_eq!(code(other.refund("1043", 3990, "k2")), "already_refunded");
        assert_eq!(code(other.refund("1041", 4800, "k1")), "key_reused");
        assert_eq!(database.ledger().unwrap().len(), 1);
    }

    #[test]
    fn a_case_without_a_key_is_opened_twice() {
        let (_folder, database) = shop();
        assert_ne!(database.open_case("1047", "hot").unwrap(), database.open_case("1047", "hot").unwrap());
        assert_eq!(database.ledger().unwrap().len(), 2);
    }

    #[test]
    fn what_is_refused_leaves_nothing() {
        let (_folder, database) = shop();
        assert_eq!(code(database.refund("1043", 4000, "k1")), "bad_amount");
        assert_eq!(code(database.refund("1045", 100, "k1")), "already_refunded");
        assert_eq!(code(database.send_mail("nobody", "hello", "k1")), "bad_address");
        assert_eq!(code(database.open_case("9999", "what")), "not_found");
        assert_eq!(database.ledger().unwrap(), Vec::<Value>::new());
        database.send_mail("ada@example.com", "hello", "k1").unwrap();
    }

    #[test]
    fn the_carrier_answers_the_second_time() {
        let (_folder, database) = shop();
        assert_eq!(code(database.track_parcel("1042")), "overloaded");
        assert_eq!(database.track_parcel("1042").unwrap()["state"], "late");
        assert_eq!(code(database.track_parcel("1041")), "not_found");
    }
}
