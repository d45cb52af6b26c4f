//! `autoprec profile`.

use anyhow::{Context, Result};
use autoprec_profiler::cost::Model;
use autoprec_profiler::{Program, Run, opcodes, report};

use crate::args::{Format, ProfileArgs};
use crate::files::{File, Folder};
use crate::guest::{Guest, Setting};
use crate::terminal;
use crate::weighing;

pub(crate) fn run(args: &ProfileArgs) -> Result<()> {
    let model = weighing::model(&args.cost)?;
    let guest = Guest::load(&args.guest)?;
    let setting = Setting::of(&args.input, &guest)?;
    let file = args.output.as_deref().map(File::create).transpose()?;
    let spinner = terminal::spinner("running");
    let run = setting.run(&guest)?;
    spinner.finish_and_clear();
    // A patched guest is weighed as what it does: its original code.
    let program = guest.program.with_patches_undone(&guest.patches());
    if let Some(out) = &args.out {
        let folder = Folder::create(out)?;
        write(&folder, &guest, &run)?;
        folder.finish()?;
    }
    let format = if args.json { Format::Json } else { args.format };
    let bytes = match format {
        Format::Json => run.profile.to_json().into_bytes(),
        Format::Table => table(args, &program, &run, &model).into_bytes(),
        other => {
            let title = guest.file_name();
            let (view, unit) = weighing::view(&program, &run.profile, &title, &model);
            weighing::render(&view, unit, other).with_context(|| guest.name.clone())?
        }
    };
    match file {
        Some(file) => file.finish(&bytes)?,
        None if format == Format::Json => terminal::line(&String::from_utf8_lossy(&bytes)),
        None => terminal::bytes(&bytes),
    }
    if format == Format::Table || args.output.is_some() {
        summary(&run);
        if args.cost != "instructions" {
            weighing::note_cost(&program, &run.profile, &model);
        }
    }
    Ok(())
}

fn table(args: &ProfileArgs, program: &Program, run: &Run, model: &Model) -> String {
    let mut text = weighing::table(program, &run.profile, model, args.top);
    if args.opcodes {
        text.push('\n');
        text.push_str(&report::opcode_table(&opcodes(program, &run.profile), args.top));
    }
    text
}

fn write(folder: &Folder, guest: &Guest, run: &Run) -> Result<()> {
    let all = report::table(&guest.program, &run.profile, usize::MAX);
    let graph = report::flamegraph(&guest.program, &run.profile, &guest.file_name())
        .with_context(|| guest.name.clone())?;
    folder.add("profile.json", run.profile.to_json().as_bytes())?;
    folder.add("functions.txt", all.as_bytes())?;
    folder.add("stacks.folded", report::folded(&guest.program, &run.profile).as_bytes())?;
    folder.add("flamegraph.svg", graph.as_bytes())
}

fn summary(run: &Run) {
    terminal::note(&format!(
        "{} instructions, {} misaligned accesses, exit code {}",
        terminal::grouped(run.instructions),
        terminal::grouped(run.misaligned),
        run.exit_code,
    ));
}
