//! A storm in virtual time, told: `cargo xtask storm [--seed S] [--runs N]`.

use std::process::ExitCode;

use handfast_sim::{Storm, storm};

fn main() -> ExitCode {
    match asked().and_then(storm) {
        Ok(stormed) => {
            println!("{stormed}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn asked() -> Result<Storm, String> {
    let mut asked = Storm::of(1);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || {
            let text = args.next().ok_or_else(|| format!("`{arg}` needs a number behind it"))?;
            text.parse::<u64>().map_err(|_| format!("`{arg} {text}`: that is no number"))
        };
        match arg.as_str() {
            "--seed" => asked.seed = number()?,
            "--runs" => asked.runs = number()?,
            _ => return Err(format!("`{arg}` is none of --seed S, --runs N")),
        }
    }
    Ok(asked)
}
