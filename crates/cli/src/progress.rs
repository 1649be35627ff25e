//! Progress on a terminal, and only there.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error; nothing if that is no terminal, or in JSON mode.
pub(crate) fn bar(label: &str, total: u64, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template(
        "{prefix} [{bar:32}] {human_pos}/{human_len} {unit} {per_sec} {eta} left",
    );
    let template = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(
        template
            .with_key("unit", |_: &_, _: &mut dyn std::fmt::Write| ())
            .progress_chars("=> "),
    );
    bar.set_prefix(label.to_owned());
    bar
}
