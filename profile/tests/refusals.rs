//! Files that no run gives are refused.

use autoprec_profile::{Profile, ProfileError};

#[test]
fn profiles_that_no_run_gives_are_refused() {
    let read = |name: &str| {
        let path = format!("{}/../fuzz/corpus/profile_json/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let good = read("profile");
    assert!(Profile::from_json(&good).is_ok());
    let error = |text: &str| Profile::from_json(text).unwrap_err();
    assert!(matches!(error(&read("profile-huge")), ProfileError::Extent { start: 0, .. }));
    // 16 bytes are more than one instruction, 2 less than two.
    for (from, to) in [("0x10004\", 1", "0x10010\", 1"), ("0x10004\", 1", "0x10002\", 2")] {
        assert!(matches!(error(&good.replace(from, to)), ProfileError::Extent { .. }));
    }
    let many = good.replace("\"instructions\": 6", "\"instructions\": 72057594037927936");
    assert!(matches!(error(&many), ProfileError::Counts { rows: "instructions" }));
    let many = good.replace("1, 6]", "1, 72057594037927936]");
    assert!(matches!(error(&many), ProfileError::Counts { rows: "spans" }));
}
