//! What is in the shop before anybody comes: the same every time.

/// Customers, orders and parcels. Amounts are in cents.
pub(crate) const SEED: &str = "
INSERT INTO customer (id, email, name) VALUES
  ('c-ada',  'ada@example.com',  'Ada Lind'),
  ('c-ben',  'ben@example.com',  'Ben Okoro'),
  ('c-cleo', 'cleo@example.com', 'Cleo Marsh'),
  ('c-dan',  'dan@example.com',  'Dan Ferro');

INSERT INTO purchase (id, customer, item, total, status, ordered) VALUES
  ('1041', 'c-ada',  'a reading lamp',             4800, 'delivered', '2026-10-02'),
  ('1042', 'c-ada',  'a pair of hiking boots',    12900, 'shipped',   '2026-11-09'),
  ('1043', 'c-ben',  'a kettle',                   3990, 'delivered', '2026-11-03'),
  ('1044', 'c-ben',  'an espresso machine',       64900, 'delivered', '2026-11-01'),
  ('1045', 'c-cleo', 'a winter coat',             18900, 'refunded',  '2026-10-12'),
  ('1046', 'c-cleo', 'a scarf',                    2500, 'open',      '2026-11-19'),
  ('1047', 'c-dan',  'a pressure cooker',          8900, 'delivered', '2026-10-28');

-- `busy`: how often the carrier's desk asks to be called again before it says where the parcel is.
INSERT INTO parcel (purchase, carrier, place, expected, state, busy) VALUES
  ('1042', 'Nordpost', 'the hub in Malmo, since 2026-11-16', '2026-11-17', 'late', 1),
  ('1046', 'Nordpost', 'our own store', '2026-11-25', 'not sent yet', 0);
";
