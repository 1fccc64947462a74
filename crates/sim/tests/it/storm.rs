//! A storm is weathered: every run ends well, and the provider is asked no more often than by who obeys it to the letter.

use std::sync::LazyLock;

use handfast_sim::{Shift, Storm, Stormed, storm};

/// So many storms take some seconds, unoptimised; `cargo xtask storm` shows any one of them.
static STORMS: LazyLock<Vec<Stormed>> = LazyLock::new(|| (1..=8).map(Storm::of).map(weathered).collect());
/// A worker that hasn't heard that the breaker is open looks within half a second; what it decided then is soon remembered.
const UNHEARD_MAX: u64 = 550;

fn weathered(asked: Storm) -> Stormed {
    storm(asked).unwrap_or_else(|error| panic!("seed {}: {error}", asked.seed))
}

#[test]
fn half_of_all_calls_fail_for_a_minute_and_every_run_ends_well_and_asks_less_than_who_obeys() {
    for stormed in STORMS.iter() {
        assert_eq!(stormed.ends.get("done"), Some(&stormed.runs), "{stormed}");
        assert!(stormed.ratio() <= 1.3, "{stormed}");
        assert_eq!(stormed.impatient, 0, "{stormed}");
    }
}

#[test]
fn the_breaker_opens_and_closes_and_one_call_at_a_time_tries_for_all_workers() {
    for stormed in STORMS.iter() {
        assert!(stormed.of(Shift::Opens).count() >= 1, "{stormed}");
        assert_eq!(stormed.of(Shift::Opens).count(), stormed.of(Shift::Closes).count(), "{stormed}");
        assert_eq!(stormed.trials_at_once, 1, "{stormed}");
        // Whoever asks meanwhile had not heard of it, and hears soon.
        assert!(stormed.stray_latest <= UNHEARD_MAX, "{stormed}");
    }
}

/// Whoever is held looks again within ten seconds of the others, each second as likely as the other: a tenth of the runs comes
/// back a second, and each makes its three calls one behind the other. Half as many again is three deviations of that.
#[test]
fn those_who_come_back_come_spread() {
    let large = weathered(Storm { runs: 2_000, ..Storm::of(1) });
    for stormed in STORMS.iter().chain([&large]) {
        let share = usize::try_from(stormed.runs * 3 / 10).unwrap_or(0);
        assert!(stormed.peak_after_opening() <= share * 3 / 2, "{stormed}");
    }
}

#[test]
fn a_seed_is_one_storm() {
    let chain = |seed| weathered(Storm { runs: 50, ..Storm::of(seed) }).chain;
    assert_eq!(chain(7), chain(7));
    assert_ne!(chain(7), chain(8));
}
