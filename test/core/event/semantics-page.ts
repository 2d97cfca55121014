import { readFileSync } from 'node:fs';

/** A row of a table, with the number of its line. */
export type Row = { line: number; cells: string[] };
const linesOf = (page: string) =>
  readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8').split('\n');

/** Rows of all tables of a page whose first column has this title. */
export const rowsOf = (title: string, page = 'trigger-semantics'): Row[] => {
  const rows: Row[] = [];
  let isInside = false;
  linesOf(page).forEach((text, at) => {
    if (!text.startsWith('|')) isInside = false;
    else if (text.startsWith(`| ${title} |`)) isInside = true;
    else if (isInside && !text.startsWith('|---')) {
      rows.push({
        line: at + 1,
        cells: text
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      });
    }
  });
  return rows;
};

/** What stands between backticks. */
export const spansOf = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
