//! The help texts, approved by review.

use crate::support::run;

#[test]
fn every_command_explains_itself() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let all = run(["--help"]).exits(0).stdout;
        insta::assert_snapshot!("help", all);
        for command in commands(&all) {
            let text = run([command, "--help"]).exits(0).stdout;
            insta::assert_snapshot!(format!("help-{command}"), text);
        }
    });
}

/// The names below `Commands:`.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<&str> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    names
}
