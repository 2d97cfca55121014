import { linkFault } from './link-faults.ts';
import { MarkupFault, type MarkupPart, markupParts } from './markup-parts.ts';
import type { Note } from './notes.ts';

/** Elements without a closing tag, or that another element closes: nothing follows from a missing one. */
const LOOSE = new Set(
  'area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody tfoot colgroup option html head body'.split(
    ' ',
  ),
);
const RAW: ReadonlySet<string> = new Set(['script', 'style', 'title', 'textarea']);
/** Parts of a page around whatever is written: ending one that was not begun ends what is around. */
const FRAMES: ReadonlySet<string> = new Set(['html', 'body', 'tbody', 'tr', 'td', 'th']);
/** Of tags, of links and of images: so that many of one kind hide none of another. */
const MAX_NOTES = 20;

/** What is doubtful about the HTML of an email: links, images, tags. */
export const pageNotes = (html: string): Note[] =>
  pageFaults(html).map(({ code, line, message }) => ({ code, message: `Line ${line}: ${message}` }));

/** The same with the line apart, from 1. `faultOf`: what is doubtful about an address. */
export const pageFaults = (html: string, faultOf: FaultOf = linkFault): (Note & { line: number })[] => {
  const notes: (Note & { line: number })[] = [];
  const open: { name: string; at: number }[] = [];
  const frames = new Map<string, number>();
  const counts = new Map<string, number>();
  const isFull = (kind: string) => (counts.get(kind) ?? 0) >= MAX_NOTES;
  const lineAt = (at: number) => html.slice(0, at).split('\n').length;
  const add = (code: string, at: number, message: string): void => {
    const [kind = code] = code.split('-');
    if (isFull(kind)) return;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    notes.push({ code, line: lineAt(at), message });
  };
  try {
    for (const part of markupParts(html, RAW)) {
      // Each search for what a tag closes may be a long one, and leaves a note where it is.
      if (isFull('html')) break;
      if (part.kind === 'between') continue;
      if (part.kind === 'open') openTag(part, add, isFull, faultOf);
      const name = part.name.toLowerCase();
      if (FRAMES.has(name)) {
        const left = (frames.get(name) ?? 0) + (part.kind === 'open' ? 1 : -1);
        if (left < 0) add('html', part.at, `</${name}> closes nothing`);
        frames.set(name, Math.max(0, left));
      }
      if (LOOSE.has(name)) continue;
      if (part.kind === 'open') {
        if (!part.isAlone && part.content === undefined) open.push({ name, at: part.at });
        continue;
      }
      const place = open.findLastIndex((one) => one.name === name);
      if (place < 0) add('html', part.at, `</${name}> closes nothing`);
      else for (const { name: left, at } of open.splice(place).slice(1)) add('html', at, `<${left}> is not closed`);
    }
    for (const { name, at } of open) add('html', at, `<${name}> is not closed`);
  } catch (error) {
    if (!(error instanceof MarkupFault)) throw error;
    add('html', error.at, error.message);
  }
  return notes;
};

type FaultOf = (address: string) => Note | undefined;
type OpenTag = Extract<MarkupPart, { kind: 'open' }>;

const openTag = (
  { at, name, attributes }: OpenTag,
  add: (code: string, at: number, message: string) => void,
  isFull: (kind: string) => boolean,
  faultOf: FaultOf,
): void => {
  if (/^img$/i.test(name) && !isFull('image')) {
    if (attributeOf(attributes, 'alt') === undefined)
      add('image-alt', at, 'An image has no alt: who sees no images knows nothing of it; alt="" for mere decoration');
    if (attributeOf(attributes, 'width') === undefined && !/width\s*:/i.test(attributeOf(attributes, 'style') ?? ''))
      add(
        'image-size',
        at,
        'An image has no width: the page jumps when it comes, and Outlook shows it as large as it is',
      );
    const source = faultOf(attributeOf(attributes, 'src') ?? '');
    if (source) add('image-source', at, source.message);
  }
  const href = /^(a|area)$/i.test(name) && !isFull('link') ? attributeOf(attributes, 'href') : undefined;
  const fault = href === undefined ? undefined : faultOf(href);
  if (fault) add(fault.code, at, fault.message);
};

/** A value in quotes, or without; undefined: there is no such attribute. */
const attributeOf = (attributes: string, name: string): string | undefined => {
  const found = new RegExp(`(?:^|[\\s"'])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]*))`, 'i').exec(attributes);
  if (!found) return new RegExp(`(?:^|\\s)${name}(?=\\s|$|/)`, 'i').test(attributes) ? '' : undefined;
  return found[1] ?? found[2] ?? found[3] ?? '';
};

/** What can be read of a page, spaces made one. Unseen characters that pad previews are left out. */
export const textOfPage = (html: string): string => {
  let text = '';
  try {
    for (const part of markupParts(html, RAW)) if (part.kind === 'between') text += ` ${part.text}`;
  } catch (error) {
    if (!(error instanceof MarkupFault)) throw error;
  }
  return text
    .replace(/&(nbsp|zwnj|#8203|#847|shy);|[\u034f\u200b\u200c\u00ad\ufeff]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
};
