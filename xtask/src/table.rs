//! Plain text tables.

/// Renders rows in columns that are as wide as their widest cell.
pub(crate) fn render<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let mut widths = head.map(width);
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(width(cell));
        }
    }
    let mut text = line(&head.map(str::to_owned), &widths);
    text += &line(&widths.map(|width| "-".repeat(width)), &widths);
    for row in rows {
        text += &line(row, &widths);
    }
    text
}

fn line<const COLUMNS: usize>(cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let mut line = String::new();
    for (cell, &wanted) in cells.iter().zip(widths) {
        line += cell;
        line += &" ".repeat(wanted - width(cell) + 2);
    }
    line.truncate(line.trim_end().len());
    line + "\n"
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [
            ["é".to_owned(), "PASS".to_owned()],
            ["four".to_owned(), String::new()],
        ];
        assert_eq!(
            render(["a", "result"], &rows),
            "a     result\n----  ------\né     PASS\nfour\n"
        );
    }
}
