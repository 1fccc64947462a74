//! Whatever a run is told, in whatever order, it stays a run: no panic, no illegal event, the same again on replay, and
//! it always names what it rests on. `World` holds every state against these; here arbitrary commands lead there.

use proptest::prelude::*;

use crate::act::act;
use crate::contracts::SHOP;
use crate::people::DESK;
use crate::world::World;

/// What a model may say or fail with.
const MODEL: [&str; 14] = [
    r#"answers {"text":"done"}"#,
    r#"answers "hello""#,
    r#"answers {"text":"done"} uncounted"#,
    r#"answers "" using 9000+9000"#,
    r#"calls read {"order":"o1"} and refund {"order":"o1","amount":5}"#,
    r#"calls mail {"to":"ada"} and close {"order":"o2"} and note {"order":"o1","text":"x"}"#,
    r#"calls refund {"order":"o2","amount":51} and delete {} and find "no json""#,
    r#"calls find {"email":"ada@x"}"#,
    "declines \"no\"",
    "is filtered",
    "is cut off",
    "fails overloaded",
    "fails billing for nothing",
    "fails rate_limited for nothing asking for 7200s",
];

/// What a tool may return or fail with.
const TOOL: [&str; 15] = [
    r#"returns {"order":"o1","amount":5}"#,
    r#"returns {"sent":true}"#,
    r#"returns {"id":"c1"}"#,
    "returns 300000 bytes",
    r#"fails "expired""#,
    r#"fails "gateway""#,
    r#"fails "no such key""#,
    r#"fails "later" code overloaded"#,
    r#"fails "what?""#,
    "is lost",
    "is turned away",
    "is not sent",
    "is not sent authentication",
    "is taken on as /jobs/1",
    "is taken on as /jobs/2 asking for 20s",
];

/// What a server may say of a call that it has taken on.
const SERVER: [&str; 9] = [
    "is still at work",
    "is still at work as /jobs/9 asking for 3s",
    "is forgotten",
    "can't be reached",
    "can't be reached",
    "is lost",
    r#"returns {"order":"o1","amount":5}"#,
    r#"returns {"sent":true}"#,
    r#"fails "expired""#,
];

/// What anybody may do at any time.
const ANYBODY: [&str; 22] = [
    "a worker takes over",
    "time passes 0.1s",
    "time passes 100s",
    "ada cancels",
    "ada resumes",
    "ada raises turns to 50",
    "ada raises attempts to 40",
    "ada raises tokens to 900000",
    "ada raises cost to 9 USD",
    "the model of resolve answers \"late\"",
    "resolve@1.0 #1 returns 1",
    "resolve@1.1 #7 is lost",
    "nowhere@1.0 #1 returns 1",
    "ada settles nowhere@1.0 not applied",
    "ada pauses",
    "ada kills",
    "ada answers resolve@1.0 \"approved\" as lead",
    "ada answers resolve@1.0 \"approved\" as boss",
    "ada answers resolve@1.1 \"approved\"",
    "ada answers resolve@2.0 \"denied\" saying \"not now\"",
    "ada answers resolve@1.1 \"maybe\"",
    "time passes 5000s",
];

/// One thing that happens: what is owed is answered, a doubt is settled, or somebody does something.
fn happen(world: &mut World, choice: u32, which: usize) {
    let fact = match choice {
        0..=3 => {
            let asks = world.asks();
            let Some(ask) = asks.get(which % asks.len().max(1)) else { return };
            format!("the model of {} {}", ask.step, MODEL[which % MODEL.len()])
        }
        4..=8 => {
            let calls = world.calls();
            let Some(call) = calls.get(which % calls.len().max(1)) else { return };
            format!("{} {}", call.call, TOOL[which / 3 % TOOL.len()])
        }
        12 => {
            let polls = world.polls();
            let Some(poll) = polls.get(which % polls.len().max(1)) else { return };
            format!("{} {}", poll.call, SERVER[which / 3 % SERVER.len()])
        }
        9 => match world.due() {
            Some(_) => "time passes".to_owned(),
            None => return,
        },
        10 => {
            // Every call that this workflow can have had in its first turns, in doubt or not.
            let (turn, ordinal) = (1 + which % 4, which / 4 % 3);
            let how = if which.is_multiple_of(2) { "not applied" } else { r#"applied {"sent":true}"# };
            format!("ada settles resolve@{turn}.{ordinal} {how}")
        }
        _ => ANYBODY[which % ANYBODY.len()].to_owned(),
    };
    // A refusal is as good an answer as any; `World` panics where it is our own bug.
    let _ = act(world, &fact);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_stays_a_run_whatever_it_is_told(
        workflow in prop::sample::select(vec!["ticket", "letter", "tell", "closing", "desk", "desk"]),
        happenings in prop::collection::vec((0_u32..13, 0_usize..10_000), 1..60),
    ) {
        let mut world = World::new(if workflow == "desk" { DESK } else { SHOP });
        world.start(workflow, serde_json::json!({})).expect("it can begin");
        world.take().expect("it can be taken");
        for (choice, which) in happenings {
            happen(&mut world, choice, which);
        }
    }
}
