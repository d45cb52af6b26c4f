//! What pages say adds up to what reports say, and what does not belong together is refused.

mod refused;

use autoprec_dashboards::{Detail, Edges, Page, Table, Totals};
use autoprec_guest_elf::Program;
use autoprec_pages::{Built, PageData, page_data};
use autoprec_pipeline::{Build, Job, NotLinked, Recorded, Silent, Source, build, profile_report};
use autoprec_profiler::Sources;
use autoprec_profiler::cost::{Model, Spent};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::built::{Example, built, built_of, example, guest, options, profile};

/// Sums of the call paths' columns.
fn of_frames(page: &Page) -> Totals {
    let frames = &page.frames;
    Totals {
        instructions: frames.instructions.iter().sum(),
        instructions_patched: frames.instructions_patched.iter().sum(),
        cost: frames.cost.iter().sum(),
        cost_patched: frames.cost_patched.iter().sum(),
    }
}

/// Cost of all tables, before and after.
fn of_tables(tables: &[Table]) -> [u64; 2] {
    let before = tables.iter().map(|table| table.row * table.rows_before).sum();
    [before, tables.iter().map(|table| table.row * table.rows_after).sum()]
}

fn data(example: &Example) -> PageData {
    let data = page_data(&example.built()).expect("they belong together");
    well_formed(&data);
    sums(example, &data.page);
    edges(&data.page);
    details(example, &data.details);
    data
}

/// Lists are of equal length and indices point into them.
fn well_formed(PageData { page, code, .. }: &PageData) {
    let Page { blocks, edges, frames, functions, report, .. } = page;
    let n = blocks.entry.len();
    assert!(blocks.entry.is_sorted() && functions.is_sorted_by_key(|f| f.entry));
    let lengths = [&blocks.count, &blocks.cost].map(Vec::len);
    assert_eq!(lengths, [n; 2]);
    assert_eq!([blocks.saved.len(), blocks.instructions.len()], [n; 2]);
    let within = |indices: &[i32], count: usize| {
        indices.iter().all(|&i| i == -1 || usize::try_from(i).is_ok_and(|i| i < count))
    };
    for (indices, count) in [
        (&blocks.function, functions.len()),
        (&blocks.precompile, report.precompiles.len()),
        (&blocks.reason, blocks.reasons.len()),
    ] {
        assert!(indices.len() == n && within(indices, count));
    }
    let has_one = blocks.precompile.iter().zip(&blocks.reason);
    assert!(has_one.into_iter().all(|(precompile, reason)| (*precompile == -1) != (*reason == -1)));
    let ends = [&edges.from, &edges.to];
    assert!(ends.iter().all(|ends| ends.iter().all(|&block| (block as usize) < n)));
    assert!(edges.kind.iter().all(|&kind| usize::from(kind) < edges.kinds.len()));
    assert_eq!([edges.from.len(), edges.to.len(), edges.kind.len()], [edges.count.len(); 3]);
    let paths = frames.parent.len();
    for values in
        [&frames.instructions, &frames.instructions_patched, &frames.cost, &frames.cost_patched]
    {
        assert_eq!(values.len(), paths);
    }
    let after = |(at, &parent): (usize, &i32)| {
        parent == -1 || usize::try_from(parent).is_ok_and(|parent| parent < at)
    };
    assert!(frames.parent.iter().enumerate().all(after));
    assert!(frames.name.iter().all(|&name| (name as usize) < frames.names.len()));
    let named: Vec<i32> = frames.names.iter().map(|name| name.function).collect();
    assert!(within(&named, functions.len()));
    let executed = (0u32..).zip(&blocks.count).filter(|(_, count)| **count > 0);
    assert_eq!(code.block, executed.map(|(block, _)| block).collect::<Vec<_>>());
    for (&block, text) in code.block.iter().zip(&code.text) {
        let block = block as usize;
        assert_eq!(text.lines().count(), blocks.instructions[block] as usize);
        assert!(text.starts_with(&format!("{:#x}: ", blocks.entry[block])));
    }
}

fn sums(example: &Example, page: &Page) {
    let totals = example.report.totals.expect("there was a run");
    assert_eq!(of_frames(page), totals);
    let blocks = &page.blocks;
    let by_count = |values: &mut dyn Iterator<Item = u64>| -> u64 {
        values.zip(&blocks.count).map(|(value, count)| value * count).sum()
    };
    assert_eq!(by_count(&mut blocks.cost.iter().copied()), totals.cost);
    let instructions = &mut blocks.instructions.iter().map(|&n| u64::from(n));
    assert_eq!(by_count(instructions), totals.instructions);
    let [before, after] = of_tables(&page.tables);
    assert_eq!(before - after, totals.cost - totals.cost_patched);
    let precompiles = page.tables.iter().filter(|table| table.precompile.is_some());
    let calls: Vec<(Option<u32>, u64)> =
        precompiles.map(|table| (table.precompile, table.rows_after)).collect();
    let reported = example.report.precompiles.iter().map(|p| (Some(p.id), p.calls));
    assert_eq!(calls, reported.collect::<Vec<_>>());
    let saved: i64 = page.report.precompiles.iter().map(|p| p.saved).sum();
    let with = blocks.saved.iter().zip(&blocks.precompile).filter(|(_, p)| **p >= 0);
    assert_eq!(with.map(|(saved, _)| saved).sum::<i64>(), saved);
}

/// Where all ways out of a block are counted, they add up to the block's executions.
fn edges(page: &Page) {
    let Edges { from, count, .. } = &page.edges;
    let mut out = vec![Some(0u64); page.blocks.entry.len()];
    let mut any = vec![false; out.len()];
    for (&from, &count) in from.iter().zip(count) {
        let from = from as usize;
        any[from] = true;
        out[from] = out[from].and_then(|sum| Some(sum + u64::try_from(count).ok()?));
    }
    let known = (0..out.len()).filter(|&block| any[block]);
    let known: Vec<(usize, u64)> = known.filter_map(|block| Some((block, out[block]?))).collect();
    assert!(known.len() > 100);
    for (block, out) in known {
        assert_eq!(out, page.blocks.count[block], "{:#x}", page.blocks.entry[block]);
    }
}

fn details(example: &Example, details: &[Detail]) {
    let sources = Sources::load(&example.original);
    assert_eq!(details.len(), example.report.precompiles.len());
    for (detail, precompile) in details.iter().zip(&example.report.precompiles) {
        assert_eq!((detail.id, detail.assembly.len()), (precompile.id, precompile.instructions));
        assert_eq!(detail.assembly[0].pc, precompile.entry);
        for line in &detail.assembly {
            assert_eq!(line.source.len(), sources.at(line.pc).len());
        }
        let insts = i32::try_from(detail.assembly.len()).expect("there are few");
        let ir = detail.ir.iter().map(|line| line.inst);
        let systems = detail.systems.iter().flat_map(|system| {
            let constraints = system.constraints.iter().map(|constraint| constraint.inst);
            constraints.chain(system.messages.iter().map(|message| message.inst))
        });
        assert!(ir.chain(systems).all(|inst| (-1..insts).contains(&inst)));
        assert!(detail.ir.iter().any(|line| line.text.starts_with("exit")));
        assert!(detail.systems.iter().all(|s| !s.columns.is_empty() && !s.messages.is_empty()));
    }
}

#[test]
fn pages_add_up_for_openvm() {
    for name in ["keccak", "sort-vm"] {
        let example = built(name, "openvm");
        let PageData { page, details, .. } = data(&example);
        assert!(details.iter().all(|detail| detail.systems.len() == 1));
        // Beside what regions hold, the tables have what ends regions: here fences at most.
        let program = Program::load(&example.original).unwrap();
        let models = Model::built_in();
        let model = models.iter().find(|model| model.name == "openvm-2.0.2").unwrap();
        let spent = Spent::of(model, &program, &example.profile).profiled(model)[0];
        assert_eq!(of_tables(&page.tables)[0], spent);
        assert_eq!(spent, example.report.totals.unwrap().cost);
        for table in &page.tables {
            let padded = |rows: u64| if rows == 0 { 0 } else { rows.next_power_of_two() };
            assert_eq!(table.padded_before, padded(table.rows_before));
            assert_eq!(table.padded_after, padded(table.rows_after));
        }
    }
}

#[test]
fn pages_add_up_for_tables_of_our_own() {
    for (name, target) in [("sort-vm", "plonky3"), ("sort-vm-rv64", "halo2")] {
        let example = built(name, target);
        let PageData { page, details, .. } = data(&example);
        let totals = example.report.totals.unwrap();
        assert_eq!(of_tables(&page.tables), [totals.cost, totals.cost_patched]);
        for detail in details {
            let fields: Vec<&str> = detail.systems.iter().map(|s| s.field.as_str()).collect();
            assert_eq!(fields, ["pasta", "babybear"]);
        }
    }
}

#[test]
fn calls_in_the_ecall_form_leave_branches_out() {
    data(&built("sort-vm", "ecall"));
}

#[test]
fn the_patched_and_the_original_guest_have_one_page() {
    let example = built("sort-vm", "openvm");
    let patched = page_data(&example.built()).unwrap();
    let original = Built { elf: &example.original, ..example.built() };
    assert_eq!(page_data(&original).unwrap(), patched);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| page_data(&example.built()).unwrap()), patched);
}

#[test]
fn a_build_from_its_lock_shows_the_code_of_precompiles() {
    let profiled = built("sort-vm", "openvm");
    let guest = guest(profiled.original.clone());
    let (options, recorded) = (options("openvm"), Recorded::default());
    let (lock, source) = (&profiled.lock, Source::Lock(None));
    let job = Job { guest: &guest, options: &options, lock, source, recorded };
    let Build { elf, report, .. } = build(&job, &Silent).unwrap();
    let built = Built { elf: &elf, profile: None, report: &report, ..profiled.built() };
    let PageData { page, details, code } = page_data(&built).unwrap();
    assert_eq!(page.frames.parent, [0; 0]);
    assert_eq!(page.tables, []);
    assert_eq!(details, page_data(&profiled.built()).unwrap().details);
    assert!(page.edges.count.iter().all(|&count| count == -1));
    for precompile in &report.precompiles {
        let line = format!("{:#x}: ", precompile.entry);
        let with = |text: &&String| text.lines().any(|l| l.starts_with(&line));
        let at = code.text.iter().position(|text| with(&text)).unwrap();
        assert_eq!(page.blocks.count[code.block[at] as usize], precompile.calls);
    }
}

#[test]
fn targets_that_link_nothing_are_priced_by_a_model() {
    for (name, input) in [("sort-vm", "sort-vm"), ("sha256-rv64", "sha256")] {
        let elf = example(&format!("elf/{name}.elf"));
        let profile = profile(&elf, input);
        let guest = guest(elf);
        for model in Model::built_in() {
            let not_linked = NotLinked { target: "sp1", reason: "it takes none" };
            let report = profile_report(&guest, &profile, &model, not_linked);
            let (report, model) = (&report, Some(&model));
            let profile = Some(&profile);
            let built = Built { elf: &guest.elf, profile, report, model, limits: None };
            let data = page_data(&built).unwrap();
            well_formed(&data);
            let totals = report.totals.unwrap();
            assert_eq!(of_frames(&data.page), totals);
            assert_eq!(of_tables(&data.page.tables), [totals.cost; 2]);
            let executed = data.page.blocks.count.iter().zip(&data.page.blocks.reason);
            let reasons = executed.filter(|(count, _)| **count > 0).map(|(_, &reason)| {
                data.page.blocks.reasons[usize::try_from(reason).unwrap()].as_str()
            });
            assert!(reasons.into_iter().all(|reason| reason == "it takes none"));
        }
    }
}

/// The guest with a name that no page may take for its own, for the function at an address.
fn with_hostile_name(mut elf: Vec<u8>, pc: u64) -> (Vec<u8>, String) {
    let mut bytes = b"</script><b>\"'&\xff".to_vec();
    let file = object::File::parse(&*elf).expect("an ELF file");
    let strings = file.section_by_name(".strtab").and_then(|section| section.file_range());
    let (start, size) = strings.expect("it has symbols");
    let strings = [start, start + size].map(|at| usize::try_from(at).expect("it is in memory"));
    let mut functions = file.symbols().filter(|s| s.kind() == object::SymbolKind::Text);
    let function = functions.find(|s| (s.address()..s.address() + s.size()).contains(&pc));
    let name = function.and_then(|function| Some(function.name_bytes().ok()?.to_vec()));
    let name = name.expect("a function is there");
    let table = &mut elf[strings[0]..strings[1]];
    let at = table.windows(name.len()).position(|window| window == name);
    let at = at.expect("names are in the table");
    assert!(bytes.len() <= name.len());
    bytes.resize(name.len(), b'A');
    table[at..at + name.len()].copy_from_slice(&bytes);
    (elf, String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn hostile_names_are_passed_on_as_they_are() {
    let plain = built("sort-vm", "openvm");
    let mut tried = plain
        .report
        .precompiles
        .iter()
        .filter(|p| p.function.as_ref().is_some_and(|function| function.len() > 16));
    let entry = tried.next().unwrap().entry;
    let (elf, name) = with_hostile_name(plain.original.clone(), entry);
    assert!(name.contains("</script><b>\"'&\u{fffd}"));
    let example = built_of(elf, "sort-vm", &options("openvm"));
    let PageData { page, .. } = data(&example);
    assert!(page.functions.iter().any(|function| function.name == name));
    assert!(page.frames.names.iter().any(|frame| frame.name == name && !frame.inlined));
    assert!(example.report.precompiles.iter().any(|p| p.function.as_ref() == Some(&name)));
}
