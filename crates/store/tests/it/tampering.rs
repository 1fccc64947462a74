//! Whatever is changed in a stored run is found, and its place is named.

use handfast_events::{RunId, Seq};
use handfast_store::{Damage, Driver, LoadError, SqliteStore, Store};

use crate::kit;
use crate::sqlite::Home;
use crate::tale::at;

/// Three appends: the beginning, two events, and one with a payload that is kept elsewhere.
async fn told(store: &SqliteStore) -> RunId {
    let driver = Driver::acquire(store, at(0)).await.unwrap();
    let mut tale = kit::taken(store, driver.worker()).await;
    tale.head = store.append(&tale.then(&["one", "two"])).await.unwrap();
    tale.head = store.append(&tale.then(&["x".repeat(17_000).as_str(), "four"])).await.unwrap();
    tale.run
}

async fn damage(store: &SqliteStore, run: RunId) -> Option<(Seq, Damage)> {
    let loaded = store.load(run).await;
    let verified = store.verify(run).await.unwrap().damaged;
    match loaded {
        Ok(_) => {
            assert!(verified.is_none(), "only verifying found {verified:?}");
            None
        }
        Err(LoadError::Damaged { seq, cause, .. }) => {
            assert_eq!(verified.map(|(seq, _)| seq), Some(seq));
            Some((seq, cause))
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_byte_counts() {
    let home = Home::new();
    let store = home.open();
    let run = told(&store).await;
    assert!(damage(&store, run).await.is_none());
    let raw = home.raw();
    let columns = [
        ("journal", "envelopes", 1),
        ("journal", "payloads", 1),
        ("journal", "chain", 1),
        ("journal", "run", 1),
        ("payloads", "bytes", 131),
        ("payloads", "digest", 1),
        ("payloads", "run", 1),
        ("runs", "chain", 1),
        ("runs", "salt", 1),
    ];
    let mut flips = 0;
    for (table, column, stride) in columns {
        let sql = format!("SELECT rowid, {column} FROM {table}");
        let rows: Vec<(i64, Vec<u8>)> = raw
            .prepare(&sql)
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let update = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2");
        for (id, bytes) in rows {
            for place in (0..bytes.len()).step_by(stride) {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << (place % 8);
                raw.execute(&update, (&changed, id)).unwrap();
                assert!(damage(&store, run).await.is_some(), "{table}.{column} of row {id}, byte {place}");
                flips += 1;
            }
            raw.execute(&update, (&bytes, id)).unwrap();
        }
    }
    assert!(flips > 1500, "{flips}");
    assert!(damage(&store, run).await.is_none(), "all is as it was");
}

/// A harm, the event that it is found at, and whether that is the damage.
type Case = (&'static str, u64, fn(&Damage) -> bool);

#[tokio::test]
async fn what_is_missing_is_named() {
    let cases: [Case; 8] = [
        ("DELETE FROM journal WHERE seq = 2", 2, |damage| matches!(damage, Damage::Gap { .. })),
        ("DELETE FROM journal WHERE seq = 4", 4, |damage| matches!(damage, Damage::End { .. })),
        ("DELETE FROM journal", 1, |damage| matches!(damage, Damage::End { .. })),
        ("DELETE FROM payloads", 4, |damage| matches!(damage, Damage::PayloadMissing)),
        ("UPDATE journal SET payloads = NULL WHERE seq = 2", 2, |damage| {
            matches!(damage, Damage::PayloadMissing)
        }),
        ("UPDATE journal SET count = 3 WHERE seq = 2", 2, |damage| matches!(damage, Damage::Count { .. })),
        ("UPDATE journal SET seq = 3 WHERE seq = 2", 2, |damage| matches!(damage, Damage::Gap { .. })),
        ("UPDATE runs SET seq = 3", 4, |damage| matches!(damage, Damage::End { .. })),
    ];
    for (harm, place, is_expected) in cases {
        let home = Home::new();
        let store = home.open();
        let run = told(&store).await;
        home.raw().execute(harm, []).unwrap();
        let (seq, damage) = damage(&store, run).await.unwrap_or_else(|| panic!("not found: {harm}"));
        assert!(seq == Seq(place) && is_expected(&damage), "{harm}: event {seq}, {damage:?}");
    }
}
