//! Where something can break, what can break there, and who decides it: chance, or a list.
//!
//! What happens at a point hangs on the seed and the point alone. So a fault can be left out, or put in by itself, and the
//! rest of the world stays as it was as far as it can: that is what shrinking and the sweep over every boundary live by.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::limits::FAULTS;
use crate::random::Random;

/// A boundary of a run: between two of its moments something else may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Boundary {
    /// A worker asks the store for a commit.
    Commit,
    /// A debt is offered: the connection opens, and nothing was sent.
    BeforeFirstByte,
    /// The bytes go out.
    AfterFirstByte,
    /// A request is with its tool.
    AtTool,
    /// A request is with its model.
    AtModel,
    /// What came back is with the worker, and not recorded yet.
    BeforeResult,
    /// The person is asked something.
    AtPerson,
    /// Any moment, whatever the run does.
    Moment,
}

impl Boundary {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Commit,
        Self::BeforeFirstByte,
        Self::AfterFirstByte,
        Self::AtTool,
        Self::AtModel,
        Self::BeforeResult,
        Self::AtPerson,
        Self::Moment,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "at the commit behind event",
            Self::BeforeFirstByte => "before the first byte of",
            Self::AfterFirstByte => "after the first byte of",
            Self::AtTool => "at the tool of",
            Self::AtModel => "at the model of",
            Self::BeforeResult => "before the result is recorded of",
            Self::AtPerson => "when the person is asked for",
            Self::Moment => "at moment",
        }
    }

    /// Where that is, in words that need no more.
    pub const fn place(self) -> &'static str {
        match self {
            Self::Commit => "at commits",
            Self::BeforeFirstByte => "before a first byte",
            Self::AfterFirstByte => "after it",
            Self::AtTool => "at tools",
            Self::AtModel => "at models",
            Self::BeforeResult => "before a result is recorded",
            Self::AtPerson => "at the person",
            Self::Moment => "at any moment",
        }
    }

    /// Its name in a document.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::BeforeFirstByte => "before_first_byte",
            Self::AfterFirstByte => "after_first_byte",
            Self::AtTool => "at_tool",
            Self::AtModel => "at_model",
            Self::BeforeResult => "before_result",
            Self::AtPerson => "at_person",
            Self::Moment => "moment",
        }
    }

    /// How many times in a hundred something breaks here in a world that chance rules.
    const fn percent(self) -> u64 {
        match self {
            Self::Commit => 14,
            Self::BeforeFirstByte => 9,
            Self::AfterFirstByte => 5,
            Self::AtTool => 35,
            Self::AtModel => 24,
            Self::BeforeResult => 4,
            Self::AtPerson => 15,
            Self::Moment => 100,
        }
    }
}

/// One place in one world where something could break.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The boundary.
    pub boundary: Boundary,
    /// Whose: the event before a commit, the debt.
    pub what: Arc<str>,
    /// How often the world came here before.
    pub again: u32,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.boundary.name(), self.what)?;
        if self.again > 0 { write!(f, ", time {}", self.again + 1) } else { Ok(()) }
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $told:literal,)+) => {
        /// What can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$doc])* #[doc = concat!("It happens that ", $told, ".")] $fault,)+
            /// The tool fails in the way that its contract names so-manieth.
            Named(u8),
            /// The same, where the name promises nothing and it took effect.
            NamedAfterEffect(u8),
        }

        impl Fault {
            /// What happens, in a sentence's words.
            pub const fn told(self) -> &'static str {
                match self {
                    $(Self::$fault => $told,)+
                    Self::Named(_) => "the tool fails in a way that its contract names",
                    Self::NamedAfterEffect(_) => "the tool takes effect and fails in a way that its contract names",
                }
            }

            /// The name of its kind.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => stringify!($fault),)+
                    Self::Named(_) => "Named",
                    Self::NamedAfterEffect(_) => "NamedAfterEffect",
                }
            }
        }
    };
}

faults! {
    DiesBeforeCommit = "the worker dies before the commit lands",
    DiesAfterCommit = "the worker dies after the commit landed, before it hears of it",
    UnconfirmedLanded = "the commit is not confirmed, and has landed",
    UnconfirmedNotLanded = "the commit is not confirmed, and has not landed",
    UnconfirmedLate = "the commit is not confirmed, and lands late",
    SleepsBeforeCommit = "the worker falls asleep, and its commit comes when the run is another's",
    SleepsAfterCommit = "the commit lands, and the worker sleeps through its lease",
    Cancelled = "the person cancels the run",
    ClockForward = "the worker's clock jumps forward",
    ClockBack = "the worker's clock jumps back",
    NotConnected = "no connection is made",
    DiesBeforeSend = "the worker dies before it sends",
    SleepsPastSendBy = "the worker sleeps until it is too late to send",
    SleepsPastLease = "the worker sleeps through its lease before it sends",
    SleepsInSend = "the worker sleeps between its last look and the write",
    DiesInSend = "the worker dies as it has sent",
    Slow = "the tool takes effect when nobody waits any more",
    AnswerLost = "the tool takes effect, and its answer is lost",
    StreamBroken = "the tool takes effect, and the stream breaks",
    FailsAfterEffect = "the tool takes effect, and fails in a way that nobody named",
    Fails = "the tool fails in a way that nobody named, and took no effect",
    Breach = "the tool takes effect, and answers something that it never promised",
    ToolDies = "the tool dies before it takes effect",
    Hangs = "the tool hangs, and takes no effect",
    TurnedAway = "the protocol turns the call away",
    TakenOn = "the tool takes the call on, and finishes it later",
    TakenOnAndFails = "the tool takes the call on, and fails later in a way that nobody named",
    Forgets = "the tool doesn't know any more what it took on",
    PollLost = "the tool can't be asked how the call stands",
    RateLimited = "the provider asks to wait",
    Overloaded = "the provider has no room",
    Billing = "the account is empty",
    ModelTimeout = "the provider answers too late",
    ModelLost = "the connection to the provider breaks",
    ModelSilent = "the provider's answer is lost, and nobody says so",
    Malformed = "the model misses the form",
    UsageMissing = "the provider doesn't say what it counted",
    DiesWithResult = "the worker dies with the result in its hands",
    SleepsWithResult = "the worker sleeps through its lease with the result in its hands",
    Dies = "the worker dies",
    Sleeps = "the worker falls asleep",
    SaidTwice = "the person says it twice",
    SaidLate = "the person takes long",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(at) | Self::NamedAfterEffect(at) => write!(f, "{} (number {})", self.told(), at + 1),
            _ => f.write_str(self.told()),
        }
    }
}

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When, in virtual milliseconds.
    pub at_ms: u64,
    /// Where.
    pub point: Point,
    /// What.
    pub fault: Fault,
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.point, self.fault)
    }
}

/// Who decides what breaks.
#[derive(Clone, Debug)]
pub enum Faults {
    /// Chance, for a while.
    Drawn,
    /// Exactly these.
    Given {
        /// With none it is the world in which nothing breaks.
        faults: BTreeMap<Point, Fault>,
        /// Whether networks are as late as chance would have them.
        is_rough: bool,
    },
}

impl Faults {
    /// Exactly these, and networks as they should be.
    pub fn given(faults: impl IntoIterator<Item = (Point, Fault)>) -> Self {
        Self::Given { faults: faults.into_iter().collect(), is_rough: false }
    }
}

/// Decides what breaks, and keeps what did.
pub(crate) struct Fates {
    seed: u64,
    faults: Faults,
    visits: BTreeMap<(Boundary, Arc<str>), u32>,
    pub(crate) happened: Vec<Happened>,
    /// Every point that the world came to, with what could have broken there, where somebody wants to know.
    pub(crate) visited: Option<Vec<(Point, Vec<Fault>)>>,
}

impl Fates {
    pub(crate) fn new(seed: u64, faults: Faults, keeps_points: bool) -> Self {
        let visited = keeps_points.then(Vec::new);
        Self { seed, faults, visits: BTreeMap::new(), happened: Vec::new(), visited }
    }

    /// What breaks here, and the chance that belongs to this place.
    pub(crate) fn at(
        &mut self,
        at_ms: u64,
        boundary: Boundary,
        what: &str,
        could: impl Fn() -> Vec<Fault>,
    ) -> (Option<Fault>, Random) {
        let what: Arc<str> = what.into();
        let visits = self.visits.entry((boundary, what.clone())).or_default();
        let again = *visits;
        *visits += 1;
        let mut random = Random::at(self.seed ^ u64::from(again) << 40 ^ (boundary as u64) << 52, &what);
        let point = Point { boundary, what, again };
        // Drawn whether or not it is needed, so that the chance behind it is the same in every mode.
        let (is_hit, drawn) = (random.chance(boundary.percent()), random.next());
        let fault = match &self.faults {
            Faults::Given { faults, .. } => faults.get(&point).copied(),
            Faults::Drawn if is_hit && at_ms < FAULTS => draw(drawn, &could()),
            Faults::Drawn => None,
        };
        if let Some(visited) = &mut self.visited {
            visited.push((point.clone(), could()));
        }
        if let Some(fault) = fault {
            self.happened.push(Happened { at_ms, point, fault });
        }
        (fault, random)
    }

    /// Whether networks may be late.
    pub(crate) fn is_rough(&self, at_ms: u64) -> bool {
        at_ms < FAULTS && matches!(self.faults, Faults::Drawn | Faults::Given { is_rough: true, .. })
    }
}

/// One of those. What ends a run for good is drawn more rarely than what it should get over.
fn draw(drawn: u64, could: &[Fault]) -> Option<Fault> {
    let mut random = Random::at(drawn, "");
    let fault = random.pick(could).copied();
    let is_final = matches!(
        fault,
        Some(Fault::Breach | Fault::TurnedAway | Fault::Cancelled | Fault::Named(_) | Fault::Billing)
    );
    if is_final && random.chance(60) { random.pick(could).copied() } else { fault }
}
