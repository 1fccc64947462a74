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
"#;
