//! Runs tests as libtest does, with its options and output, and has a place before and after them.

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// The tests of a module by the names of their functions, each `fn() -> anyhow::Result<()>`.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$( $crate::harness::trial(module_path!(), stringify!($test), $test) ),+]
    };
}

/// One test.
pub(crate) struct Test {
    name: String,
    run: fn() -> Result<()>,
}

/// For `trials!`.
pub(crate) fn trial(module: &str, name: &str, run: fn() -> Result<()>) -> Test {
    let module = module.rsplit("::").next().unwrap_or(module);
    Test { name: format!("{module}::{name}"), run }
}

/// Prepares, runs what the command line asks for, and cleans up whatever the outcome.
pub(crate) fn run(
    tests: Vec<Test>,
    prepare: impl FnOnce() -> Result<()>,
    clean_up: impl FnOnce(),
) -> ExitCode {
    let arguments = Arguments::from_args();
    if !arguments.list
        && let Err(error) = prepare()
    {
        eprintln!("error: {error:#}");
        return ExitCode::FAILURE;
    }
    let trials = tests.into_iter().map(|test| {
        let run = test.run;
        Trial::test(test.name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    clean_up();
    conclusion.exit_code()
}
