//! What is made from the grammar's table for those who write contracts: a JSON Schema for editors and a page to read.
//!
//! Nothing here knows a key; what the table doesn't say is said by neither.

mod lists;
mod page;
mod schema;

pub use lists::{functions, places_table, unrun_list};
pub use page::grammar_page;
pub use schema::language_schema;

use crate::grammar::{self, Form, Holds};

/// Every form of the language, each behind one that leads to it.
fn forms() -> Vec<&'static Form> {
    let mut found: Vec<&'static Form> = vec![&grammar::CONTRACT, &grammar::ENVIRONMENT, &grammar::TESTS];
    let mut next = 0;
    while let Some(form) = found.get(next).copied() {
        next += 1;
        for key in form.keys {
            gather(&key.holds, &mut found);
        }
        if next == 1 {
            // No key names it: types lead there.
            gather(&Holds::Form(&grammar::DEFAULTED), &mut found);
        }
    }
    found
}

fn gather(holds: &Holds, found: &mut Vec<&'static Form>) {
    match holds {
        Holds::Form(form) if !found.iter().any(|known| std::ptr::eq(*known, *form)) => found.push(form),
        Holds::List(inner) | Holds::Map(inner) => gather(inner, found),
        Holds::Either(options) => options.iter().for_each(|holds| gather(holds, found)),
        _ => {}
    }
}

/// A form's name as part of an address: `approval-step`.
fn slug(form: &Form) -> String {
    let letters =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    form.name.replace('\'', "").chars().map(letters).collect()
}
