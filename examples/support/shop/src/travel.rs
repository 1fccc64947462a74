//! The travel desk: seats, rooms and what a card is charged, each with its way back, and notes on orders.
//!
//! Of each class of effect one: with a key, natural, and rooms, which take no key: asked for twice, two are held.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::json;

use crate::database::{Answer, Database, money, no, purchase, write_down};

/// What the desk keeps, beside the shop's own tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE booking (id TEXT PRIMARY KEY, kind TEXT NOT NULL, what TEXT NOT NULL, state TEXT NOT NULL) STRICT;
CREATE TABLE charge (id INTEGER PRIMARY KEY, card TEXT NOT NULL, amount INTEGER NOT NULL) STRICT;
CREATE TABLE note (purchase TEXT PRIMARY KEY REFERENCES purchase, text TEXT NOT NULL) STRICT;
";

/// The card that no bank pays for.
const EMPTY_CARD: &str = "empty";

impl Database {
    /// Books a seat on one day's train, once a key.
    pub(crate) fn book_seat(&self, train: &str, day: &str, key: &str) -> Answer {
        let question = json!({ "seat": train, "day": day });
        self.once(key, &question, |transaction| {
            let what = format!("{train} on {day}");
            let seat = book(transaction, "seat", &what)?;
            write_down(transaction, "seat booked", &seat, Some(key), &json!({ "what": what }))?;
            Ok(json!({ "seat": seat }))
        })
    }

    /// Gives a seat back. Given back twice, it is given back.
    pub(crate) fn cancel_seat(&self, seat: &str) -> Answer {
        self.work(|transaction| {
            if cancel(transaction, "seat", seat)? {
                write_down(transaction, "seat cancelled", seat, None, &json!({}))?;
            }
            Ok(json!({ "seat": seat }))
        })
    }

    /// Holds a room. Takes no key: asked twice, it holds two.
    pub(crate) fn hold_room(&self, hotel: &str, day: &str) -> Answer {
        self.work(|transaction| {
            let what = format!("{hotel} on {day}");
            let room = book(transaction, "room", &what)?;
            write_down(transaction, "room held", &room, None, &json!({ "what": what }))?;
            Ok(json!({ "room": room }))
        })
    }

    /// Lets a room go, once a key.
    pub(crate) fn release_room(&self, room: &str, key: &str) -> Answer {
        let question = json!({ "release": room });
        self.once(key, &question, |transaction| {
            if !cancel(transaction, "room", room)? {
                return no("released", format!("the room {room} was let go of before"));
            }
            write_down(transaction, "room released", room, Some(key), &json!({}))?;
            Ok(json!({ "room": room }))
        })
    }

    /// Charges a card, once a key.
    pub(crate) fn charge_card(&self, card: &str, cents: i64, key: &str) -> Answer {
        let question = json!({ "charge": card, "cents": cents });
        self.once(key, &question, |transaction| {
            if card == EMPTY_CARD {
                return no("declined", format!("the bank declines {} on this card", money(cents)));
            }
            transaction.execute("INSERT INTO charge (card, amount) VALUES (?1, ?2)", params![card, cents])?;
            let receipt = format!("charge-{}", transaction.last_insert_rowid());
            let detail = json!({ "amount": money(cents), "receipt": receipt });
            write_down(transaction, "card charged", card, Some(key), &detail)?;
            Ok(json!({ "receipt": receipt }))
        })
    }

    /// Writes the note on an order. Written twice, it is the same note.
    pub(crate) fn note_order(&self, order_id: &str, text: &str) -> Answer {
        self.work(|transaction| {
            purchase(transaction, order_id)?;
            let changed = transaction.execute(
                "INSERT INTO note VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = ?2 WHERE text != ?2",
                [order_id, text],
            )?;
            if changed > 0 {
                write_down(transaction, "note", order_id, None, &json!({ "text": text }))?;
            }
            Ok(json!({ "order_id": order_id }))
        })
    }
}

/// Books the next of a kind; its id names it from then on.
fn book(transaction: &Transaction<'_>, kind: &str, what: &str) -> rusqlite::Result<String> {
    let before: i64 =
        transaction.query_row("SELECT count(*) FROM booking WHERE kind = ?1", [kind], |row| row.get(0))?;
    let id = format!("{kind}-{}", before + 1);
    transaction.execute("INSERT INTO booking VALUES (?1, ?2, ?3, 'booked')", [&id, kind, what])?;
    Ok(id)
}

/// Cancels a booking; whether it was still booked.
fn cancel(transaction: &Transaction<'_>, kind: &str, id: &str) -> Result<bool, crate::database::Refused> {
    let sql = "SELECT state FROM booking WHERE id = ?1 AND kind = ?2";
    let state: Option<String> = transaction.query_row(sql, [id, kind], |row| row.get(0)).optional()?;
    match state.as_deref() {
        None => no("not_found", format!("there is no {kind} {id}: not found")),
        Some("booked") => {
            transaction.execute("UPDATE booking SET state = 'cancelled' WHERE id = ?1", [id])?;
            Ok(true)
        }
        Some(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use crate::database::tests::{code, shop};

    #[test]
    fn what_was_booked_is_cancelled_once() {
        let (_folder, desk) = shop();
        let seat = desk.book_seat("EC 9", "2026-12-01", "k1").unwrap();
        assert_eq!(desk.book_seat("EC 9", "2026-12-01", "k1").unwrap(), seat);
        assert_eq!(desk.cancel_seat("seat-1").unwrap(), desk.cancel_seat("seat-1").unwrap());
        assert_eq!(code(desk.cancel_seat("seat-2")), "not_found");
        assert_ne!(
            desk.hold_room("Lindenhof", "2026-12-01").unwrap(),
            desk.hold_room("Lindenhof", "2026-12-01").unwrap()
        );
        assert_eq!(desk.release_room("room-1", "k2").unwrap(), desk.release_room("room-1", "k2").unwrap());
        assert_eq!(code(desk.release_room("room-1", "k3")), "released");
        let effects: Vec<String> = desk
            .ledger()
            .unwrap()
            .iter()
            .map(|row| format!("{} {}", row["effect"], row["subject"]))
            .collect();
        assert_eq!(effects.len(), 5, "{effects:?}");
    }

    #[test]
    fn an_empty_card_is_declined_and_leaves_nothing() {
        let (_folder, desk) = shop();
        assert_eq!(code(desk.charge_card("empty", 12_000, "k1")), "declined");
        assert_eq!(desk.ledger().unwrap().len(), 0);
        assert_eq!(desk.charge_card("full", 12_000, "k2").unwrap()["receipt"], "charge-1");
    }

    #[test]
    fn the_same_note_is_one_note() {
        let (_folder, shop) = shop();
        for text in ["late", "late", "lost"] {
            shop.note_order("1042", text).unwrap();
        }
        assert_eq!(shop.ledger().unwrap().len(), 2);
    }
}
