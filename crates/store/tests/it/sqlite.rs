//! The store in one file: the laws of every store, and what is its own.

use std::path::PathBuf;
use std::time::Duration;

use handfast_events::Epoch;
use handfast_store::{
    Append, AppendError, Driver, DriverError, LoadError, OpenError, Options, SqliteStore, Store, TakeError,
    Worker, WriteError, driver_alive, knock,
};
use tempfile::TempDir;

use crate::kit;
use crate::tale::{Tale, at};

/// A store in a folder of its own, which goes with it.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub(crate) fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), Options::default()).unwrap()
    }

    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

macro_rules! laws {
    ($($law:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $law() {
            let home = Home::new();
            let store = home.open();
            let driver = Driver::acquire(&store, at(0)).await.unwrap();
            kit::$law(store, driver.worker().clone()).await;
        }
    )+};
}

laws! {
    what_is_appended_is_read_back,
    an_append_that_follows_another_place_conflicts,
    whoever_lost_the_run_is_fenced,
    an_append_that_contradicts_itself_is_refused,
    only_what_can_move_is_taken,
    mail_is_taken_in_once,
    claims_change_all_or_none,
    a_claim_that_was_seen_is_a_condition_and_stays_as_it_is,
    events_change_the_claims_that_they_name,
    the_feed_has_every_append_once_in_order,
    runs_are_found_and_listed,
    a_contract_is_kept_under_its_digest,
    appends_side_by_side_each_stand_alone,
}

#[tokio::test]
async fn one_process_drives_and_others_knock() {
    let home = Home::new();
    let (one, other) = (home.open(), home.open());
    assert_eq!(driver_alive(&home.path()).unwrap(), None);
    let driver = Driver::acquire(&one, at(7)).await.unwrap();
    let mut knocks = driver.knocks();
    let alive = driver_alive(&home.path()).unwrap().unwrap();
    assert_eq!((alive.pid, alive.since), (std::process::id(), at(7)));
    let second = Driver::acquire(&other, at(8)).await;
    assert!(matches!(second, Err(DriverError::Held { pid, .. }) if pid == alive.pid), "{second:?}");

    // The other starts a run and puts mail, and is heard.
    let mut tale = Tale::new();
    tale.head = other.append(&tale.begin()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), knocks.next()).await.unwrap();
    other.put_mail(tale.mail("a")).await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), knocks.next()).await.unwrap();
    let leases = one.take(driver.worker(), 10, at(9)).await.unwrap();
    assert_eq!(leases[0].run, tale.run);
    assert_eq!(one.mail(tale.run).await.unwrap().len(), 1);
    tale.epoch = leases[0].epoch;
    let refused = other.append(&tale.then(&["not mine"])).await;
    assert!(matches!(refused, Err(AppendError::NotDriving { .. })));
    let refused = other.take(&Worker::new("other"), 10, at(9)).await;
    assert!(matches!(refused, Err(TakeError::NotDriving)));

    // Gone, its runs are free at once, and it can't write any more.
    drop((knocks, driver));
    assert!(!knock(&home.path()), "nobody is there to hear");
    let heir = Driver::acquire(&other, at(10)).await.unwrap();
    let taken = other.take(heir.worker(), 10, at(11)).await.unwrap();
    assert_eq!((taken[0].run, taken[0].epoch), (tale.run, Epoch(2)));
    let zombie = one.append(&tale.then(&["late"])).await;
    assert!(matches!(zombie, Err(AppendError::NotDriving { .. })));
}

#[tokio::test]
async fn a_store_deep_down_is_knocked_at() {
    let home = Home::new();
    let path = home.path().with_file_name("d".repeat(120)).join("journal.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let mut knocks = driver.knocks();
    assert!(knock(&path));
    tokio::time::timeout(Duration::from_secs(60), knocks.next()).await.unwrap();
}

#[tokio::test]
async fn a_copied_or_restored_file_is_not_driven() {
    let home = Home::new();
    let mut tale = Tale::new();
    let store = home.open();
    tale.head = store.append(&tale.begin()).await.unwrap();
    drop(store);
    let backup = home.path().with_extension("backup");
    std::fs::copy(home.path(), &backup).unwrap();

    let copy = SqliteStore::open(&backup, Options::default()).unwrap();
    let refused = Driver::acquire(&copy, at(1)).await.unwrap_err();
    assert!(matches!(refused, DriverError::Incarnation { .. }), "{refused}");
    assert!(refused.to_string().contains("handfast doctor --adopt"), "{refused}");
    assert!(copy.load(tale.run).await.is_ok(), "it can be read");
    drop(copy);

    // Driven, then put back to where it was.
    for second in 2..4 {
        let store = home.open();
        drop(Driver::acquire(&store, at(second)).await.unwrap());
    }
    std::fs::copy(&backup, home.path()).unwrap();
    let store = home.open();
    let refused = Driver::acquire(&store, at(5)).await.unwrap_err();
    assert!(matches!(refused, DriverError::Incarnation { .. }), "{refused}");

    // Adopted, it may be driven, but no run moves until a person names it.
    assert_eq!(store.adopt().await.unwrap(), 1);
    let driver = Driver::acquire(&store, at(6)).await.unwrap();
    store.put_mail(tale.mail("a")).await.unwrap();
    assert_eq!(store.take(driver.worker(), 10, at(7)).await.unwrap(), []);
    assert!(store.take_run(driver.worker(), tale.run).await.is_ok());
}

#[tokio::test]
async fn a_run_set_aside_stays_so_until_its_next_append_whoever_dies() {
    let home = Home::new();
    let store = home.open();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let mut tale = kit::taken(&store, driver.worker()).await;
    store.quarantine(handfast_store::Lease { run: tale.run, epoch: tale.epoch }).await.unwrap();
    let is_aside = || async { store.run(tale.run).await.unwrap().unwrap().aside };
    let lease = store.take_run(driver.worker(), tale.run).await.unwrap();
    assert!(!is_aside().await, "it was taken");
    store.release(lease).await.unwrap();
    assert!(is_aside().await, "let go of without an append");
    store.take_run(driver.worker(), tale.run).await.unwrap();
    drop(driver);
    let heir = Driver::acquire(&store, at(1)).await.unwrap();
    assert!(is_aside().await, "its holder died");
    tale.epoch = store.take_run(heir.worker(), tale.run).await.unwrap().epoch;
    store.append(&tale.then(&["goes on"])).await.unwrap();
    drop(heir);
    drop(Driver::acquire(&store, at(2)).await.unwrap());
    assert!(!is_aside().await, "it has gone on");
}

#[tokio::test]
async fn deaths_between_database_and_lock_file_make_no_copy_of_a_store() {
    let home = Home::new();
    let store = home.open();
    drop(Driver::acquire(&store, at(1)).await.unwrap());
    home.raw().execute("UPDATE meta SET term = term + 3", []).unwrap();
    drop(Driver::acquire(&store, at(2)).await.unwrap());
    home.raw().execute("UPDATE meta SET term = term - 1", []).unwrap();
    let older = Driver::acquire(&store, at(3)).await.unwrap_err();
    assert!(matches!(older, DriverError::Incarnation { .. }), "{older}");
}

#[tokio::test]
async fn who_has_just_locked_is_not_taken_for_whoever_drove_before() {
    let home = Home::new();
    let store = home.open();
    drop(Driver::acquire(&store, at(1)).await.unwrap());
    let plate = || std::fs::read_to_string(home.path().with_extension("db.lock")).unwrap();
    assert!(plate().contains("pid"), "{}", plate());
    // Locked, but not further: the database refuses.
    home.raw().execute("UPDATE meta SET term = 0", []).unwrap();
    Driver::acquire(&store, at(2)).await.unwrap_err();
    assert!(!plate().contains("pid") && plate().contains("\"term\":1"), "{}", plate());
}

#[tokio::test]
async fn mail_that_cannot_be_read_is_its_runs_trouble() {
    let home = Home::new();
    let store = home.open();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let (tale, other) =
        (kit::taken(&store, driver.worker()).await, kit::taken(&store, driver.worker()).await);
    store.put_mail(tale.mail("a")).await.unwrap();
    store.put_mail(other.mail("b")).await.unwrap();
    let sql = "UPDATE mailbox SET mail = '{\"Sing\":{}}' WHERE id = 'a'";
    home.raw().execute(sql, []).unwrap();
    let refused = store.mail(tale.run).await.unwrap_err();
    assert!(matches!(refused, LoadError::Mail { run, .. } if run == tale.run));
    assert_eq!(store.mail(other.run).await.unwrap(), [other.mail("b")]);
}

#[test]
fn what_cannot_be_a_store_is_refused_with_a_remedy() {
    let home = Home::new();
    let open = |options| SqliteStore::open(home.path(), options).map(|_| ());
    let network = open(Options { filesystem: Some(0x6969), ..Options::default() }).unwrap_err();
    assert!(matches!(network, OpenError::Network { kind: "NFS", .. }));
    assert!(network.to_string().contains("local disk"), "{network}");
    assert!(!home.path().exists(), "nothing was made");

    drop(home.open());
    home.raw().pragma_update(None, "user_version", 99).unwrap();
    let newer = open(Options::default()).unwrap_err();
    assert!(matches!(newer, OpenError::TooNew { found: 99, known: 1, .. }), "{newer}");
    home.raw().pragma_update(None, "user_version", 1).unwrap();
    home.raw().execute("UPDATE migrations SET digest = zeroblob(32)", []).unwrap();
    let altered = open(Options::default()).unwrap_err();
    assert!(matches!(altered, OpenError::Altered { script: 1, .. }), "{altered}");

    std::fs::write(home.path(), "not a database, but long enough to be looked at as one").unwrap();
    assert!(matches!(open(Options::default()), Err(OpenError::Foreign { .. })));
    std::fs::remove_file(home.path()).unwrap();
    home.raw().execute_batch("CREATE TABLE someone_elses (x)").unwrap();
    assert!(matches!(open(Options::default()), Err(OpenError::Foreign { .. })));
    let mode: String = home.raw().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "a file that isn't ours stays as it is");
}

#[test]
fn two_processes_may_make_the_store_at_once() {
    for _ in 0..20 {
        let home = Home::new();
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..4).map(|_| scope.spawn(|| home.open().path().to_path_buf())).collect();
            opened.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
        });
        let count: i64 = home.raw().query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }
}

#[tokio::test]
async fn a_run_of_a_newer_release_is_left_alone() {
    let home = Home::new();
    let store = home.open();
    let tale = Tale::new();
    store.append(&tale.begin()).await.unwrap();
    home.raw().execute("UPDATE runs SET format = 99, status = '\"dreaming\"'", []).unwrap();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    assert_eq!(store.take(driver.worker(), 10, at(1)).await.unwrap(), []);
    let named = store.take_run(driver.worker(), tale.run).await;
    assert!(matches!(named, Err(TakeError::TooNew { .. })));
    assert!(matches!(store.load(tale.run).await, Err(LoadError::TooNew { .. })));
    assert_eq!(store.runs(Default::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_without_room_refuses_and_loses_nothing() {
    let home = Home::new();
    let store =
        SqliteStore::open(home.path(), Options { pages_max: Some(60), ..Options::default() }).unwrap();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let mut tale = kit::taken(&store, driver.worker()).await;
    let text = "x".repeat(5000);
    let (head, refused): (_, Append) = loop {
        let append = tale.then(&[&text]);
        match store.append(&append).await {
            Ok(head) => tale.head = head,
            Err(AppendError::Write(error @ WriteError::Full { .. })) => {
                assert!(error.to_string().contains("free some room"), "{error}");
                break (tale.head, append);
            }
            Err(error) => panic!("{error:?}"),
        }
    };
    assert!(head.seq.0 > 10);
    assert_eq!(store.load(tale.run).await.unwrap().row.head, head);
    drop((driver, store));
    let store = home.open();
    let driver = Driver::acquire(&store, at(1)).await.unwrap();
    let epoch = store.take_run(driver.worker(), tale.run).await.unwrap().epoch;
    store.append(&Append { epoch, ..refused }).await.unwrap();
    assert_eq!(store.load(tale.run).await.unwrap().row.head.seq.0, head.seq.0 + 1);
}

#[tokio::test]
async fn the_log_is_used_again_instead_of_growing() {
    let home = Home::new();
    let store = home.open();
    let driver = Driver::acquire(&store, at(0)).await.unwrap();
    let mut tale = kit::taken(&store, driver.worker()).await;
    let text = "x".repeat(12_000);
    for _ in 0..1500 {
        tale.head = store.append(&tale.then(&[&text, &text])).await.unwrap();
    }
    let size = |end: &str| {
        let mut path = home.path().into_os_string();
        path.push(end);
        std::fs::metadata(path).unwrap().len()
    };
    assert!(size("") > 20 << 20, "most of 36 MB is in the database: {}", size(""));
    assert!(size("-wal") < 24 << 20, "the log holds {} bytes", size("-wal"));
}
