//! temporary
fn main() {
    use std::time::Instant;
    let folder = std::env::args().nth(1).unwrap();
    for _ in 0..3 {
        let h = ios012_contracts::History::open(std::path::Path::new(&folder)).unwrap();
        let t = Instant::now();
        let s = h.check().unwrap();
        let a = t.elapsed();
        let t = Instant::now();
        let mut n = 0;
        let mut b = 0;
        for c in h.cycles().unwrap() {
            let (m, k) = c.unwrap();
            n += 1;
            b += m.document().canonical().len() + k.document().canonical().len();
        }
        let d = t.elapsed();
        let t = Instant::now();
        let mut last = None;
        let st = h.standing();
        let mut r = 0;
        for c in h.cycles().unwrap() {
            let (m, k) = c.unwrap();
            let i = ios012_contracts::CycleInput::check(st, None, m, k, last, &[]).unwrap();
            last = Some(i.as_last_accepted());
            r += i.rows().len();
        }
        let e = t.elapsed();
        println!(
            "{} cycles; check {:?} ({:?}/cycle), documents {:?} ({:?}/cycle, {} bytes/cycle), with CycleInput {:?} ({:?}/cycle), rows {}",
            s.cycles,
            a,
            a / n,
            d,
            d / n,
            b / n as usize,
            e,
            e / n,
            r
        );
    }
}
