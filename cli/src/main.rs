//! The `autoprec` command: the pipeline of the libraries, with files, clock and terminal.
//!
//! This is the one crate that reads the environment, prints, or turns errors into exit codes: 0 for
//! success, 1 for failure, 2 for a command line that cannot be understood, 130 for Ctrl-C.

mod args;
mod clock;
mod commands;
mod commitments;
mod guest;
mod interrupt;
mod live;
mod proving;
mod recording;
mod serving;
mod sources;
mod terminal;
mod weighing;

use std::process::ExitCode;

use autoprec_pipeline::output as files;

use clap::Parser;

use args::{BenchCommand, Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    terminal::init_tracing(cli.verbose);
    terminal::guarded(cli.verbose > 0, || {
        if let Err(error) = run(&cli) {
            terminal::error(&error);
            return interrupt::exit_code(&error);
        }
        ExitCode::SUCCESS
    })
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    set_threads(cli.threads)?;
    dispatch(&cli.command)?;
    terminal::finish()
}

fn dispatch(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Profile(args) => commands::profile::run(args),
        Command::Annotate(args) => commands::annotate::run(args),
        Command::Diff(args) => commands::diff::run(args),
        Command::Merge(args) => commands::merge::run(args),
        Command::Blocks(args) => commands::blocks::run(args),
        Command::Build(args) => commands::build::run(args),
        Command::Show(args) => commands::show::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Serve(args) => commands::serve::run(args),
        Command::Run(args) => commands::run::run(args),
        Command::VerifyLink(args) => commands::verify_link::run(args),
        Command::Prove(args) => commands::prove::run(args),
        Command::Verify(args) => commands::verify::run(args),
        Command::RecordCalls(args) => commands::calls::record(args),
        Command::ProveCalls(args) => commands::calls::prove(args),
        Command::VerifyCalls(args) => commands::calls::verify(args),
        Command::Demo(args) => commands::demo::run(args),
        Command::Bench(BenchCommand::Synth(args)) => commands::bench::synth(args),
        Command::Bench(BenchCommand::Scaling(args)) => commands::bench::scaling(args),
        Command::Bench(BenchCommand::Exec(args)) => commands::bench::exec::run(args),
        Command::Bench(BenchCommand::Prove(args)) => commands::bench::prove::run(args),
    }
}

fn set_threads(threads: Option<usize>) -> anyhow::Result<()> {
    if let Some(threads) = threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    Ok(())
}
