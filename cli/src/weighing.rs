//! Cost models by name or file, and profiles in the form that was asked for.

use std::path::Path;

use anyhow::{Context, Result, bail};
use autoprec_guest_elf::Program;
use autoprec_profile::Profile;
use autoprec_profiler::cost::{Model, Spent};
use autoprec_profiler::export::{self, Growth};
use autoprec_profiler::{Subject, View};

use crate::args::Format;
use crate::files;
use crate::terminal;

/// A model that comes with the program, or one in a file.
pub(crate) fn model(name: &str) -> Result<Model> {
    let models = Model::built_in();
    let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    if let Some(index) = names.iter().position(|known| *known == name) {
        return Ok(models[index].clone());
    }
    let path = Path::new(name);
    if !path.exists() {
        bail!("there is no cost model `{name}`: name a file, or one of {}", names.join(", "));
    }
    Model::from_json(&files::read_text(path)?).with_context(|| name.to_owned())
}

/// The view of a run by a model, and the unit of it that the model is about.
pub(crate) fn view(subject: Subject<'_>, title: &str, model: &Model) -> (View, usize) {
    let view = model.view(subject, title);
    let unit = view.unit(&model.units[0]).unwrap_or(0);
    (view, unit)
}

/// A file of a format.
pub(crate) fn render(view: &View, unit: usize, format: Format) -> Result<Vec<u8>> {
    Ok(match format {
        Format::Table | Format::Json => bail!("this format is not made from call paths"),
        Format::Folded => export::folded(view, unit).into_bytes(),
        Format::Flamegraph => export::graph(view, unit, Growth::Up)?.into_bytes(),
        Format::Icicle => export::graph(view, unit, Growth::Down)?.into_bytes(),
        Format::Speedscope => export::speedscope(view).into_bytes(),
        Format::Firefox => export::firefox(view).into_bytes(),
        Format::Pprof => export::pprof(view),
    })
}

/// Says what a run costs by a model, in its tables and padded.
pub(crate) fn note_cost(program: &Program, profile: &Profile, model: &Model) {
    let spent = Spent::of(model, program, profile);
    let (profiled, padded) = (spent.profiled(model), spent.padded(model));
    for (unit, (profiled, padded)) in model.units.iter().zip(profiled.iter().zip(&padded)) {
        terminal::note(&format!(
            "{}: {} {unit}, {} after padding of each table in one segment",
            model.name,
            terminal::grouped(*profiled),
            terminal::grouped(*padded),
        ));
    }
    if spent.unknown > 0 {
        let unknown = terminal::grouped(spent.unknown);
        terminal::note(&format!("{}: {unknown} instructions are not in the model", model.name));
    }
}
