fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let dir = std::path::Path::new(&dir);
    let t = std::time::Instant::now();
    let mut n = 0u64;
    for r in ios012_lineage::LedgerReader::open(dir).unwrap() { r.unwrap(); n += 1; }
    let parse = t.elapsed();
    let t = std::time::Instant::now();
    let s = ios012_report::Summary::read(dir).unwrap();
    let all = t.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let rss = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    println!("{}", ios012_report::render_text(&s, &ios012_report::VerifyLine::NotRun));
    println!("{n} records parse {parse:?} summary {all:?} {rss}");
}
