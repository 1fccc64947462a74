//! What every store promises, whatever keeps it. Each law gets a fresh store and a worker that may drive it.

use handfast_events::{
    AppendId, Body, ClaimBefore, ClaimChanged, ClaimSeen, Digest, Epoch, Format, Head, Seq, Sources, Status,
    Waits,
};
use handfast_store::{
    AppendError, ClaimChange, ClaimSet, Expected, FoundRun, Hold, LoadError, MailError, Position, Posted,
    RunFilter, StatusFilter, Store, TakeError, Worker,
};
use uuid::Uuid;

use crate::tale::{Tale, at};

/// A run that has begun and is held.
pub(crate) async fn taken(store: &impl Store, worker: &Worker) -> Tale {
    let mut tale = Tale::new();
    tale.head = store.append(&tale.begin()).await.unwrap();
    tale.epoch = store.take_run(worker, tale.run).await.unwrap().epoch;
    tale
}

pub(crate) async fn what_is_appended_is_read_back(store: impl Store, worker: Worker) {
    let mut tale = taken(&store, &worker).await;
    let large = "x".repeat(100_000);
    let appends = [tale.then(&["one", "two", "three"])];
    tale.head = store.append(&appends[0]).await.unwrap();
    let second = tale.then(&[&large, "small"]);
    tale.head = store.append(&second).await.unwrap();

    let journal = store.load(tale.run).await.unwrap();
    assert_eq!(journal.row.head, tale.head);
    assert_eq!(journal.salt, tale.salt);
    let expected: Vec<_> = appends[0].events.iter().chain(&second.events).cloned().collect();
    assert_eq!(journal.events[1..], expected);
    assert!(store.verify(tale.run).await.unwrap().damaged.is_none());

    let some = store.read(tale.run, Seq(2), 3).await.unwrap();
    let some: Vec<_> = some.iter().map(|stored| stored.decode().unwrap()).collect();
    assert_eq!(some, expected[1..4]);
    let row = store.run(tale.run).await.unwrap().unwrap();
    assert_eq!((row.contract.as_str(), row.workflow.as_str(), row.started), ("shop", "ticket", at(0)));
    let unknown = store.load(Tale::new().run).await;
    assert!(matches!(unknown, Err(LoadError::NotFound { .. })));
}

pub(crate) async fn an_append_that_follows_another_place_conflicts(store: impl Store, worker: Worker) {
    let mut tale = taken(&store, &worker).await;
    let first = tale.then(&["one"]);
    let rival = tale.then(&["another"]);
    tale.head = store.append(&first).await.unwrap();
    let late = store.append(&rival).await;
    assert!(matches!(late, Err(AppendError::Conflict { expected: Seq(1), found: Seq(2), .. })), "{late:?}");
    let mut other_history = tale.clone();
    other_history.head.chain = Head::default().chain;
    let late = store.append(&other_history.then(&["x"])).await;
    assert!(matches!(late, Err(AppendError::Conflict { .. })), "same number, other history: {late:?}");
    let twice = store.append(&Tale { head: Head::default(), epoch: Epoch(0), ..tale.clone() }.begin()).await;
    assert!(matches!(twice, Err(AppendError::Conflict { .. })));
    let nowhere = store.append(&Tale { run: Tale::new().run, ..tale.clone() }.then(&["x"])).await;
    assert!(matches!(nowhere, Err(AppendError::NotFound { .. })));
    // Found by its name, whether it landed or not.
    assert_eq!(store.find_append(tale.run, first.id).await.unwrap(), Some(Seq(2)));
    assert_eq!(store.find_append(tale.run, rival.id).await.unwrap(), None);
    assert_eq!(store.load(tale.run).await.unwrap().events.len(), 2);
}

pub(crate) async fn whoever_lost_the_run_is_fenced(store: impl Store, worker: Worker) {
    let tale = taken(&store, &worker).await;
    let held = store.take_run(&worker, tale.run).await;
    assert!(matches!(held, Err(TakeError::Held { .. })));
    let lease = handfast_store::Lease { run: tale.run, epoch: tale.epoch };
    store.release(lease).await.unwrap();
    let after = store.append(&tale.then(&["let go"])).await;
    assert!(matches!(after, Err(AppendError::Fenced { .. })), "{after:?}");
    let next = store.take_run(&worker, tale.run).await.unwrap();
    assert!(next.epoch > tale.epoch);
    let zombie = store.append(&tale.then(&["zombie"])).await;
    assert!(matches!(zombie, Err(AppendError::Fenced { found, .. }) if found == next.epoch), "{zombie:?}");
    // A stale lease lets go of nothing.
    store.release(lease).await.unwrap();
    assert!(store.append(&Tale { epoch: next.epoch, ..tale.clone() }.then(&["heir"])).await.is_ok());
}

pub(crate) async fn an_append_that_contradicts_itself_is_refused(store: impl Store, worker: Worker) {
    let tale = taken(&store, &worker).await;
    let mut gap = tale.then(&["one", "two"]);
    gap.events[1].seq = Seq(9);
    let mut empty = tale.then(&[]);
    empty.claims.clear();
    for wrong in [gap, empty] {
        let refused = store.append(&wrong).await;
        assert!(matches!(refused, Err(AppendError::Malformed { .. })), "{refused:?}");
    }
    let salted = store.append(&Tale { salt: Tale::new().salt, ..tale.clone() }.then(&["x"])).await;
    assert!(matches!(salted, Err(AppendError::Malformed { .. })), "{salted:?}");
    assert_eq!(store.load(tale.run).await.unwrap().row.head, tale.head);
}

pub(crate) async fn only_what_can_move_is_taken(store: impl Store, worker: Worker) {
    let fresh = Tale::new();
    store.append(&fresh.begin()).await.unwrap();
    let mut sleeping = taken(&store, &worker).await;
    let mut waiting = taken(&store, &worker).await;
    let mut sleep = sleeping.then(&["until then"]);
    sleep.status = Status::Waiting(Waits::Retry { until: at(100) });
    sleep.wake_at = Some(at(100));
    sleep.hold = Hold::Release;
    sleeping.head = store.append(&sleep).await.unwrap();
    let mut wait = waiting.then(&["for a person"]);
    wait.status = Status::Waiting(Waits::Settlement);
    wait.hold = Hold::Release;
    waiting.head = store.append(&wait).await.unwrap();

    let runs =
        |leases: Vec<handfast_store::Lease>| leases.into_iter().map(|lease| lease.run).collect::<Vec<_>>();
    assert_eq!(store.next_wake().await.unwrap(), Some(handfast_events::Timestamp::UNIX_EPOCH));
    assert_eq!(runs(store.take(&worker, 10, at(50)).await.unwrap()), [fresh.run]);
    assert_eq!(runs(store.take(&worker, 10, at(50)).await.unwrap()), [], "held runs are not taken twice");
    assert_eq!(store.next_wake().await.unwrap(), Some(at(100)));
    assert_eq!(runs(store.take(&worker, 10, at(100)).await.unwrap()), [sleeping.run]);
    assert_eq!(store.next_wake().await.unwrap(), None);
    store.put_mail(waiting.mail("wake up")).await.unwrap();
    assert_eq!(runs(store.take(&worker, 0, at(101)).await.unwrap()), []);
    let leases = store.take(&worker, 10, at(101)).await.unwrap();
    assert_eq!(runs(leases.clone()), [waiting.run]);
    // Set aside, it is only taken by name.
    store.quarantine(leases[0]).await.unwrap();
    assert_eq!(runs(store.take(&worker, 10, at(102)).await.unwrap()), []);
    let row = store.run(waiting.run).await.unwrap().unwrap();
    assert!(row.aside && row.status == Status::Quarantined && row.worker.is_none());
    assert!(store.take_run(&worker, waiting.run).await.is_ok());
    let stranger = store.take(&Worker::new("stranger"), 10, at(103)).await;
    assert!(matches!(stranger, Err(TakeError::NotDriving)));
}

pub(crate) async fn mail_is_taken_in_once(store: impl Store, worker: Worker) {
    let mut tale = taken(&store, &worker).await;
    assert_eq!(store.put_mail(tale.mail("a")).await.unwrap(), Posted::New);
    assert_eq!(store.put_mail(tale.mail("b")).await.unwrap(), Posted::New);
    assert_eq!(store.put_mail(tale.mail("a")).await.unwrap(), Posted::Known);
    assert_eq!(store.mailed(10).await.unwrap(), [tale.run]);
    assert_eq!(store.mail(tale.run).await.unwrap(), [tale.mail("a"), tale.mail("b")]);
    let nowhere = store.put_mail(Tale::new().mail("c")).await;
    assert!(matches!(nowhere, Err(MailError::NotFound { .. })));

    let mut first = tale.then(&["took a"]);
    first.taken = vec![tale.mail("a").id];
    tale.head = store.append(&first).await.unwrap();
    assert_eq!(store.mail(tale.run).await.unwrap(), [tale.mail("b")]);
    assert_eq!(store.put_mail(tale.mail("a")).await.unwrap(), Posted::Known, "taken in, it stays known");
    let mut again = tale.then(&["took b, and a again"]);
    again.taken = vec![tale.mail("b").id, tale.mail("a").id];
    let refused = store.append(&again).await;
    assert!(matches!(refused, Err(AppendError::MailGone { .. })), "{refused:?}");
    assert_eq!(store.mail(tale.run).await.unwrap(), [tale.mail("b")], "all or nothing");
    assert_eq!(store.run(tale.run).await.unwrap().unwrap().head, tale.head);
}

pub(crate) async fn claims_change_all_or_none(store: impl Store, worker: Worker) {
    let mut one = taken(&store, &worker).await;
    let other = taken(&store, &worker).await;
    let claim = |name: &str, expected, set: Option<&str>| ClaimChange {
        name: name.into(),
        expected,
        set: set.map_or(ClaimSet::Free, |value| ClaimSet::To(value.to_owned())),
    };
    let mut first = one.then(&["claims a"]);
    first.claims = vec![claim("a", Expected::Absent, Some("1"))];
    one.head = store.append(&first).await.unwrap();
    let held = store.claim("a").await.unwrap().unwrap();
    assert_eq!((held.run, held.seq, held.value.as_str()), (one.run, Seq(2), "1"));

    let mut both = other.then(&["claims b and a"]);
    both.claims = vec![claim("b", Expected::Absent, Some("2")), claim("a", Expected::Absent, Some("2"))];
    let refused = store.append(&both).await;
    assert!(
        matches!(&refused, Err(AppendError::ClaimHeld { name, by }) if name == "a" && *by == Some(one.run)),
        "{refused:?}"
    );
    assert_eq!(store.claim("b").await.unwrap(), None, "all or nothing");
    assert_eq!(store.run(other.run).await.unwrap().unwrap().head, other.head);

    // A late landing of the first append is a conflict, not a claim that is held.
    let landed = store.append(&first).await;
    assert!(matches!(landed, Err(AppendError::Conflict { .. })), "{landed:?}");
    let mut free = one.then(&["frees a"]);
    free.claims = vec![claim("a", Expected::HeldBy(one.run), None)];
    store.append(&free).await.unwrap();
    store.append(&both).await.unwrap();
    assert_eq!(store.claim("a").await.unwrap().unwrap().run, other.run);
}

pub(crate) async fn a_claim_that_was_seen_is_a_condition_and_stays_as_it_is(
    store: impl Store,
    worker: Worker,
) {
    let mut one = taken(&store, &worker).await;
    let mut other = taken(&store, &worker).await;
    let saying = |tale: &Tale, body: Body| {
        let mut append = tale.then(&["."]);
        append.events.iter_mut().for_each(|event| event.body = body.clone());
        append
    };
    let seen = |value: Option<&str>| -> Body {
        ClaimSeen { name: "m".into(), digest: value.map(|value| Digest::of(value.as_bytes())) }.into()
    };
    let to = |before: ClaimBefore, value: &str| -> Body {
        ClaimChanged { name: "m".into(), before, value: Some(value.to_owned()) }.into()
    };
    one.head = store.append(&saying(&one, seen(None))).await.unwrap();
    assert_eq!(store.claim("m").await.unwrap(), None);
    one.head = store.append(&saying(&one, to(ClaimBefore::Absent, "1"))).await.unwrap();
    for stale in [seen(None), seen(Some("2")), to(ClaimBefore::Digest(Digest::of(b"2")), "3")] {
        let refused = store.append(&saying(&other, stale)).await;
        assert!(matches!(&refused, Err(AppendError::ClaimHeld { name, .. }) if name == "m"), "{refused:?}");
    }
    other.head = store.append(&saying(&other, seen(Some("1")))).await.unwrap();
    assert_eq!(store.claim("m").await.unwrap().unwrap().run, one.run, "who looks doesn't take it");
    let named =
        |claims: Vec<handfast_store::Claim>| claims.into_iter().map(|claim| claim.name).collect::<Vec<_>>();
    assert_eq!(named(store.claims("m").await.unwrap()), ["m"]);
    assert!(store.claims("m/").await.unwrap().is_empty());
    let write = to(ClaimBefore::Digest(Digest::of(b"1")), "2");
    other.head = store.append(&saying(&other, write)).await.unwrap();
    let claim = store.claim("m").await.unwrap().unwrap();
    assert_eq!((claim.run, claim.value.as_str()), (other.run, "2"));
    // What is seen behind a change of the same append is that change.
    let mut both = one.then(&[".", "."]);
    let bodies = [to(ClaimBefore::Digest(Digest::of(b"2")), "3"), seen(Some("3"))];
    both.events.iter_mut().zip(bodies).for_each(|(event, body)| event.body = body);
    store.append(&both).await.unwrap();
    assert_eq!(store.claim("m").await.unwrap().unwrap().value, "3");
}

pub(crate) async fn events_change_the_claims_that_they_name(store: impl Store, worker: Worker) {
    let mut one = taken(&store, &worker).await;
    let other = taken(&store, &worker).await;
    let changed = |before: ClaimBefore, value: Option<&str>| {
        ClaimChanged { name: "a".into(), before, value: value.map(str::to_owned) }.into()
    };
    let saying = |tale: &Tale, bodies: Vec<Body>| {
        let mut append = tale.then(&vec!["."; bodies.len()]);
        append.events.iter_mut().zip(bodies).for_each(|(event, body)| event.body = body);
        append
    };
    // Twice in one append is once, from the first condition to the last value.
    let twice = vec![changed(ClaimBefore::Absent, Some("1")), changed(ClaimBefore::Own, Some("2"))];
    one.head = store.append(&saying(&one, twice)).await.unwrap();
    assert_eq!(store.claim("a").await.unwrap().unwrap().value, "2");
    assert_eq!(store.run(one.run).await.unwrap().unwrap().format, Format(2), "only what needs it bears it");
    for before in [ClaimBefore::Absent, ClaimBefore::Own, ClaimBefore::Is("1".into())] {
        let refused = store.append(&saying(&other, vec![changed(before, Some("3"))])).await;
        assert!(matches!(refused, Err(AppendError::ClaimHeld { .. })), "{refused:?}");
    }
    assert_eq!(store.run(other.run).await.unwrap().unwrap().format, Format(1));
    store.append(&saying(&other, vec![changed(ClaimBefore::Is("2".into()), Some("3"))])).await.unwrap();
    assert_eq!(store.claim("a").await.unwrap().unwrap().run, other.run);
    // Who lost it can't free it.
    let refused = store.append(&saying(&one, vec![changed(ClaimBefore::Own, None)])).await;
    assert!(
        matches!(refused, Err(AppendError::ClaimHeld { by: Some(by), .. }) if by == other.run),
        "{refused:?}"
    );
}

pub(crate) async fn the_feed_has_every_append_once_in_order(store: impl Store, worker: Worker) {
    let mut tales = [taken(&store, &worker).await, taken(&store, &worker).await];
    for round in 0..5 {
        for tale in &mut tales {
            tale.head = store.append(&tale.then(&[&format!("round {round}"), "."])).await.unwrap();
        }
    }
    let (mut after, mut fed) = (Position::default(), Vec::new());
    loop {
        let page = store.feed(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        fed.extend(page);
    }
    assert_eq!(after, store.position().await.unwrap());
    assert!(fed.windows(2).all(|pair| pair[1].position.0 == pair[0].position.0 + 1), "no gap");
    for tale in &tales {
        let events = fed.iter().filter(|fed| fed.run == tale.run).flat_map(|fed| &fed.events);
        let seqs: Vec<u64> = events.map(|event| event.decode().unwrap().seq.0).collect();
        assert_eq!(seqs, (1..=11).collect::<Vec<_>>());
    }
}

pub(crate) async fn runs_are_found_and_listed(store: impl Store, worker: Worker) {
    let mut tales = Vec::new();
    for _ in 0..3 {
        tales.push(taken(&store, &worker).await);
    }
    let mut end = tales[1].then(&["the end"]);
    (end.status, end.hold) = (Status::Done, Hold::Release);
    store.append(&end).await.unwrap();
    let list =
        |filter| async { store.runs(filter).await.unwrap().iter().map(|row| row.run).collect::<Vec<_>>() };
    let all = [tales[2].run, tales[1].run, tales[0].run];
    assert_eq!(list(RunFilter::default()).await, all, "the youngest first");
    assert_eq!(list(RunFilter { before: Some(all[0]), limit: 1, ..Default::default() }).await, [all[1]]);
    let status = |text: &str| RunFilter { status: Some(StatusFilter::new(text)), ..Default::default() };
    assert_eq!(list(status("done")).await, [tales[1].run]);
    assert_eq!(list(RunFilter { workflow: Some("other".into()), ..Default::default() }).await, []);
    let text = tales[0].run.to_string();
    assert_eq!(store.find_run(&text[text.len() - 12..]).await.unwrap(), FoundRun::One(tales[0].run));
    assert_eq!(store.find_run(&text.to_uppercase()).await.unwrap(), FoundRun::One(tales[0].run));
    assert_eq!(store.find_run(&text[..6]).await.unwrap(), FoundRun::Many(all.to_vec()));
    assert_eq!(store.find_run("%").await.unwrap(), FoundRun::None);
    assert!(StatusFilter::new("waiting").accepts(&Status::Waiting(Waits::Settlement)));
}

pub(crate) async fn a_contract_is_kept_under_its_digest(store: impl Store, _: Worker) {
    let files = [("handfast.yaml".to_owned(), "contract: shop\n".to_owned())];
    let sources = Sources { main: "handfast.yaml".into(), files: files.into(), root: "/shop".into() };
    let digest = store.put_contract(&sources).await.unwrap();
    assert_eq!(store.put_contract(&sources).await.unwrap(), digest);
    assert_eq!(store.contract(digest).await.unwrap(), Some(sources));
    assert_eq!(store.contract(handfast_events::Digest::of(b"other")).await.unwrap(), None);
}

/// Many runs at once, none of which may disturb another: every tenth append is wrong.
pub(crate) async fn appends_side_by_side_each_stand_alone(store: impl Store, worker: Worker) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (store, worker) = (store.clone(), worker.clone());
        tasks.spawn(async move {
            let mut tale = taken(&store, &worker).await;
            for round in 0..20 {
                if round % 10 == 3 {
                    let wrong = Tale { head: Head::default(), ..tale.clone() }.then(&["wrong"]);
                    assert!(matches!(store.append(&wrong).await, Err(AppendError::Conflict { .. })));
                }
                let mut append = tale.then(&["one", "two"]);
                append.id = AppendId::new(Uuid::now_v7());
                tale.head = store.append(&append).await.unwrap();
            }
            assert_eq!(store.load(tale.run).await.unwrap().row.head, tale.head);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.position().await.unwrap(), Position(40 * 21));
}
