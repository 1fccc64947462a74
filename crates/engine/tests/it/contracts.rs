//! The contracts that stories are about: one small shop, and what differs from story to story.

/// A shop with a tool of every kind, a clerk who may use most of them, and workflows of one step each.
pub(crate) const SHOP: &str = r#"
handfast: 1
name: shop
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers:
  shop:
    rust: {}
    failures:
      overloaded: { when: error.code == 'overloaded', then: transient }
types:
  Customer: { fields: { id: string } }
  Receipt:  { fields: { order: string, amount: number } }
  Reply:    { fields: { text: string } }
tools:
  find:
    via: shop.find
    description: Finds a customer by email address.
    input: { email: string }
    output: Customer
    effects: [ { reads: "customer/*" } ]
    failures:
      nobody:  { when: error.text.contains('nobody') }
      deleted: { when: error.text.contains('deleted'), gives: "{'id': 'nobody'}" }
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
  refund:
    via: shop.refund
    description: Pays money back for one order.
    input: { order: string, amount: number }
    output: Receipt
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: { key: { arg: idempotency_key }, valid: 1h }
    requires:
      it is more than nothing: args.amount > 0.0
    ensures:
      the amount is the one asked for: result.amount == args.amount
    failures:
      expired: { when: error.text.contains('expired') }
      gateway: { when: error.text.contains('gateway'), then: doubtful }
      unknown_key: { when: error.text.contains('no such key'), settles: call }
  note:
    via: shop.note
    description: Writes a note beside one order.
    input: { order: string, text: string }
    sends: { order: args.order, note: args.text }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
  mail:
    via: shop.mail
    description: Sends one email.
    input: { to: string }
    output: { fields: { sent: boolean } }
    effects: [ { notifies: the reader of that address } ]
    failures:
      bounced: { when: error.text.contains('bounced') }
  close:
    via: shop.close
    description: Closes one order for ever.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
agents:
  clerk:
    purpose: Resolve one customer's problem.
    model: main
    may:
      - find
      - read
      - refund: args.amount <= 50.0
      - note
      - mail
      - close
    output: Reply
    limits: { turns: 8 }
  writer:
    purpose: Write plain text.
    model: main
    limits: { turns: 8 }
workflows:
  ticket: { steps: { resolve: { agent: clerk } }, output: steps.resolve.text }
  letter: { steps: { write: { agent: writer } }, output: steps.write }
  search: { input: { email: string }, steps: { who: { tool: find, with: { email: input.email } } }, output: steps.who.id }
  pay:    { input: { amount: number }, steps: { pay: { tool: refund, with: { order: "'o1'", amount: input.amount } } } }
  tell:   { steps: { tell: { tool: mail, with: { to: "'ada'" } } }, output: steps.tell.sent }
  closing: { steps: { first: { tool: close, with: { order: "'o1'" } }, second: { tool: close, with: { order: "'o1'" } } } }
"#;

/// Steps in an order that what they read decides.
pub(crate) const STEPS: &str = r#"
handfast: 1
name: steps
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
types:
  Customer: { fields: { id: string } }
tools:
  find:
    via: shop.find
    description: Finds a customer.
    input: { email: string, limit: { is: integer, default: 8 } }
    output: Customer
    effects: [ { reads: "customer/*" } ]
  read:
    via: shop.read
    description: Reads the order with this number.
    input: { id: "string /^c[0-9]+$/" }
    output: { fields: { total: number } }
    effects: [ { reads: "order/*" } ]
  greet:
    via: shop.greet
    description: Makes a greeting.
    input: { id: string, total?: number }
    output: string
    effects: [ { reads: "customer/*" } ]
agents:
  writer:
    purpose: Write an answer.
    model: main
    input: { id: string }
    limits: { turns: 3 }
workflows:
  answer:
    input: { email: string, known?: boolean }
    steps:
      who:   { tool: find, with: { email: input.email } }
      order: { tool: read, with: { id: steps.who.id + '' }, when: "!has(input.known)" }
      write: { agent: writer, with: { id: steps.who.id } }
      greet: { tool: greet, with: { id: steps.who.id, total: steps.order.total }, needs: write }
    output: steps.greet
  whole:
    input: { email: string, limit?: integer }
    steps:
      who:   { tool: find, with: input }
      write: { agent: writer, with: steps.who }
    output: { text: steps.write, nobody: input.limit }
  broken:
    input: { n: integer }
    steps:
      who: { tool: find, with: { email: "'ada@x'" }, when: 10 / input.n > 1 }
    output: 10 / (input.n - 1)
"#;

/// A journey whose parts are taken back, each in another way, and steps that fail behind them.
pub(crate) const TRIP: &str = r#"
handfast: 1
name: trip
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers:
  trip:
    rust: {}
    failures:
      busy: { when: error.code == 'busy', then: transient }
      gone: { when: error.text.contains('gone') }
types:
  Booking: { fields: { id: string, price: number } }
tools:
  book:
    via: trip.book
    description: Books one room.
    input: { room: string }
    output: Booking
    effects: [ { creates: "booking/{args.room}" } ]
    idempotency: { key: { arg: key } }
    compensate: { tool: cancel, with: { id: result.id, refund: result.price }, leaves: [ the confirmation ] }
  cancel:
    via: trip.cancel
    description: Cancels one booking.
    input: { id: string, refund: number }
    output: { fields: { cancelled: boolean } }
    effects: [ { deletes: "booking/*" } ]
    idempotency: { key: { arg: key } }
    requires: { it cost something: args.refund > 0.0 }
    ensures: { it is cancelled: result.cancelled }
    limits: { attempts: 2 }
  hold:
    via: trip.hold
    description: Holds one seat.
    input: { seat: string }
    effects: [ { writes: "seat/{args.seat}" } ]
    idempotency: none
    compensate: { tool: free, with: { seat: args.seat } }
  free:
    via: trip.free
    description: Frees one seat.
    input: { seat: string }
    output: { fields: { free: boolean } }
    effects: [ { writes: "seat/{args.seat}" } ]
    idempotency: none
    ensures: { it is free: result.free }
  mail:
    via: trip.mail
    description: Sends one email.
    input: { to: string }
    effects: [ { notifies: "{args.to}, by email" } ]
    idempotency: natural
    compensate: { leaves: [ the email ] }
  stamp:
    via: trip.stamp
    description: Stamps one passport.
    input: { page: integer }
    effects: [ { writes: "passport/{args.page}" } ]
    idempotency: natural
  burn:
    via: trip.burn
    description: Burns one bridge.
    input: { bridge: string }
    effects: [ { deletes: "bridge/{args.bridge}" } ]
    idempotency: natural
    compensate: impossible
  look:
    via: trip.look
    description: Looks at one page.
    input: { page: integer }
    output: { fields: { price: number } }
    effects: [ { reads: "page/{args.page}" } ]
agents:
  guide:
    purpose: Plan a trip.
    model: main
    may: [ book, hold, mail, stamp, burn, look ]
    accepts: [ irreversible ]
    limits: { turns: 8 }
workflows:
  trip:
    steps:
      room: { tool: book, with: { room: "'7'" } }
      seat: { tool: hold, with: { seat: "'12a'" }, needs: room }
      page: { tool: look, with: { page: 1 }, needs: seat }
  told:
    steps:
      room: { tool: book, with: { room: "'7'" } }
      tell: { tool: mail, with: { to: "'ada'" }, needs: room }
      mark: { tool: stamp, with: { page: 3 }, needs: tell }
      page: { tool: look, with: { page: 1 }, needs: mark }
  planned: { steps: { plan: { agent: guide } }, output: steps.plan }
  divided: { steps: { room: { tool: book, with: { room: "'7'" } } }, output: 10 / (steps.room.price - 10.0) }
  bridges:
    steps:
      one: { tool: burn, with: { bridge: "'one'" } }
      room: { tool: book, with: { room: "'7'" } }
      after: { tool: look, with: { page: 1 }, needs: one }
      two: { tool: burn, with: { bridge: "'two'" }, needs: room }
      end: { tool: look, with: { page: 2 }, needs: two }
"#;

/// Clauses that can't always be evaluated.
pub(crate) const FAULTS: &str = r#"
handfast: 1
name: faults
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
tools:
  ask:
    via: shop.ask
    description: Asks for something.
    input: { n: integer }
    effects: [ { reads: "order/*" } ]
    requires: { it divides: 10 / args.n > 0 }
  look:
    via: shop.look
    description: Looks at something.
    input: { n: integer }
    output: { fields: { n: integer } }
    effects: [ { reads: "order/*" } ]
    ensures: { it divides: 10 / result.n > 0 }
  send:
    via: shop.send
    description: Sends something.
    input: { n: integer }
    sends: { share: 10 / args.n }
    effects: [ { notifies: somebody } ]
  gives:
    via: shop.gives
    description: Gives something.
    input: { n: integer }
    effects: [ { notifies: somebody } ]
    failures:
      counted: { when: 10 / args.n > 0, gives: 10 / (args.n - 1) }
agents:
  clerk: { purpose: Try., model: main, may: [ ask, look, send, gives ], limits: { turns: 8 } }
workflows:
  ticket: { steps: { resolve: { agent: clerk } }, output: steps.resolve }
"#;

/// Ceilings of every kind.
pub(crate) const LIMITS: &str = r#"
handfast: 1
name: limits
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
tools:
  read:
    via: shop.read
    description: Reads something.
    input: {}
    effects: [ { reads: "order/*" } ]
    limits: { attempts: 2, timeout: 7s }
agents:
  brief:   { purpose: Answer., model: main, may: [ read ], limits: { turns: 1 } }
  frugal:  { purpose: Answer., model: main, may: [ read ], limits: { turns: 9, tokens: 1000 } }
  cheap:   { purpose: Answer., model: main, may: [ read ], limits: { turns: 9, cost: 0.02 USD } }
  quick:   { purpose: Answer., model: main, may: [ read ], limits: { turns: 9, time: 10s } }
  free:    { purpose: Answer., model: main, may: [ read ], limits: { turns: 9 } }
workflows:
  turns:    { steps: { ask: { agent: brief } }, output: steps.ask }
  tokens:   { steps: { ask: { agent: frugal } }, output: steps.ask }
  cost:     { steps: { ask: { agent: cheap } }, output: steps.ask }
  time:     { steps: { ask: { agent: quick } }, output: steps.ask }
  deadline: { limits: { time: 10s }, steps: { ask: { agent: free } }, output: steps.ask }
  attempts: { steps: { look: { tool: read } } }
  both:     { limits: { tokens: 6000 }, steps: { one: { agent: free }, two: { agent: free } }, output: steps.two }
"#;

/// A contract whose only tool is another one's.
pub(crate) const INCLUDING: &str = r#"
handfast: 1
name: news
version: "1"
settings: { longest: { type: integer, default: 12 } }
include: { cms: { file: cms.yaml, settings: { most: settings.longest - 2 } } }
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
agents:
  editor:
    purpose: Publish one article.
    model: main
    may: [ cms.publish: args.words > 1 ]
    limits: { turns: 4 }
workflows:
  ticket: { steps: { resolve: { agent: editor } }, output: steps.resolve }

=== cms.yaml
handfast: 1
name: cms
version: "1"
settings: { most: { type: integer } }
servers: { cms: { rust: {} } }
tools:
  publish:
    via: cms.publish
    description: Publishes an article.
    input: { words: integer }
    output: { fields: { url: string } }
    effects: [ { creates: "article/{settings.most}" } ]
    idempotency: natural
    requires:
      it is short enough: args.words <= settings.most
    shows:
      it is public: "!result.url.contains('draft')"
"#;

/// Tools whose clauses look at the world.
pub(crate) const PROBES: &str = r#"
handfast: 1
name: probes
version: "1"
servers:
  shop: { rust: {}, failures: { overloaded: { when: error.code == 'overloaded', then: transient } } }
types:
  Order: { fields: { status: string, total: number } }
tools:
  find:
    via: shop.find
    description: Finds one order.
    input: { order: string }
    output: Order
    effects: [ { reads: "order/{args.order}" } ]
  refund:
    via: shop.refund
    description: Pays money back for one order.
    input: { order: string, amount: number }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: { key: { arg: key } }
    probes: { order: { tool: find, with: { order: args.order } } }
    requires:
      the order is open: order.status == 'open'
      it is more than nothing: args.amount > 0.0
    ensures:
      it is refunded: order.status == 'refunded'
      only the status changed: order.total == old.order.total
  move:
    via: shop.move
    description: Moves an amount from one order to another.
    input: { from: string, to: string }
    effects: [ { writes: "order/{args.from}" }, { writes: "order/{args.to}" } ]
    idempotency: natural
    probes:
      from: { tool: find, with: { order: args.from } }
      to: { tool: find, with: { order: args.to } }
    requires: { there is enough: from.total > to.total }
  close:
    via: shop.close
    description: Closes one order for ever.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
workflows:
  pay:  { input: { amount?: number }, steps: { pay: { tool: refund, with: { order: "'o1'", amount: "has(input.amount) ? input.amount : 5.0" } } } }
  both: { steps: { move: { tool: move, with: { from: "'o1'", to: "'o2'" } } } }
  two:
    steps:
      first:  { tool: close, with: { order: "'o1'" } }
      second: { tool: refund, with: { order: "'o1'", amount: 5.0 } }
"#;

/// Tools whose doubts are settled by looking, or by a role.
pub(crate) const LOOKS: &str = r#"
handfast: 1
name: looks
version: "1"
roles: { support-lead: { reached: inbox } }
servers: { shop: { rust: {} } }
types:
  Receipt: { fields: { id: string } }
tools:
  find_payment:
    via: shop.find_payment
    description: Finds what was paid under one key.
    input: { key: string }
    output: { fields: { found: integer, id?: string } }
    effects: [ { reads: "payment/{args.key}" } ]
  pay:
    via: shop.pay
    description: Pays once.
    input: { order: string }
    output: Receipt
    effects: [ { creates: payment/* } ]
    idempotency: none
    reconcile:
      tool: find_payment
      with: { key: call.id }
      applied: result.found > 0 && has(result.id)
      not_applied: result.found < 1
      gives: "{ 'id': result.id }"
      settle: 30s
    ensures: { it has a number: result.id != '' }
    limits: { timeout: 10s }
  post:
    via: shop.post
    description: Posts once for each key.
    input: { order: string }
    effects: [ { creates: post/* } ]
    idempotency: { key: { arg: key } }
    reconcile: { tool: find_payment, with: { key: call.key }, applied: result.found == 1, not_applied: result.found == 0 }
    failures: { busy: { when: error.text.contains('busy') } }
    limits: { timeout: 10s }
  wire:
    via: shop.wire
    description: Wires money.
    input: { order: string }
    effects: [ { creates: wire/* } ]
    idempotency: none
    reconcile: { ask: support-lead }
workflows:
  pay:  { steps: { pay: { tool: pay, with: { order: "'o1'" } } }, output: steps.pay.id }
  post: { steps: { post: { tool: post, with: { order: "'o1'" } } } }
  wire: { steps: { wire: { tool: wire, with: { order: "'o1'" } } } }
"#;
