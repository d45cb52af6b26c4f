//! The processed format of the Firefox Profiler: a thread per unit, a weighted sample per call path.
//!
//! There is no time in a profile; a sample's time is its number.

use fxprof_processed_profile::{
    CategoryHandle, CpuDelta, Frame, FrameFlags, FrameInfo, Profile, ReferenceTimestamp,
    SamplingInterval, StackHandle, ThreadHandle, Timestamp, WeightType,
};

use crate::view::{Path, View};

/// The view as JSON.
pub fn firefox(view: &View) -> String {
    let epoch = ReferenceTimestamp::from_millis_since_unix_epoch(0.0);
    let mut profile = Profile::new(&view.title, epoch, SamplingInterval::from_millis(1));
    // There is nothing to ask a symbol server for.
    profile.set_symbolicated(true);
    let start = Timestamp::from_nanos_since_reference(0);
    let process = profile.add_process(&view.title, 1, start);
    // A main thread would be shown by the name of the process.
    for (unit, name) in (0u32..).zip(&view.units) {
        let thread = profile.add_thread(process, unit + 1, start, false);
        profile.set_thread_name(thread, name);
        profile.set_thread_samples_weight_type(thread, WeightType::Samples);
        profile.add_initial_visible_thread(thread);
        if unit == 0 {
            profile.add_initial_selected_thread(thread);
        }
        add_samples(&mut profile, thread, view, unit as usize);
    }
    serde_json::to_string(&profile).expect("strings and numbers are valid JSON")
}

fn add_samples(profile: &mut Profile, thread: ThreadHandle, view: &View, unit: usize) {
    let mut millis = 0;
    for path in &view.paths {
        let stack = stack(profile, thread, view, path);
        let mut rest = path.values[unit];
        // The weight of a sample has 31 bits.
        while rest > 0 {
            let weight = i32::try_from(rest).unwrap_or(i32::MAX);
            let time = Timestamp::from_nanos_since_reference(millis * 1_000_000);
            profile.add_sample(thread, time, stack, CpuDelta::ZERO, weight);
            rest -= u64::from(weight.unsigned_abs());
            millis += 1;
        }
    }
    let end = Timestamp::from_nanos_since_reference(millis * 1_000_000);
    profile.set_thread_end_time(thread, end);
}

fn stack(
    profile: &mut Profile,
    thread: ThreadHandle,
    view: &View,
    path: &Path,
) -> Option<StackHandle> {
    let mut stack = None;
    for &frame in &path.frames {
        let info = FrameInfo {
            frame: Frame::Label(profile.intern_string(&view.frames[frame].name)),
            category_pair: CategoryHandle::OTHER.into(),
            flags: FrameFlags::empty(),
        };
        let frame = profile.intern_frame(thread, info);
        stack = Some(profile.intern_stack(thread, stack, frame));
    }
    stack
}
