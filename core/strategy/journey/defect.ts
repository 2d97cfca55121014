import type { Tracking } from '../../delivery/links/link-settings.ts';
import type { ReferenceTable } from '../../event/reference-table.ts';
import type { TemplateContent } from '../template.ts';

/** What is wrong with a journey that has the right form. The list is closed: pages branch on it. */
export type DefectCode =
  | 'unknown-node'
  | 'unreachable-node'
  | 'endless-loop'
  | 'jump-to-itself'
  | 'no-template'
  | 'no-content'
  | 'no-event'
  | 'no-window'
  | 'bad-policy'
  | 'bad-liquid'
  | 'no-endpoint'
  | 'no-segment'
  | 'segment-not-live'
  | 'no-list'
  | 'no-audience'
  | 'no-source'
  | 'no-time'
  | 'no-reference-table'
  | 'impossible-branch'
  | 'hidden-branch'
  | 'bad-percents'
  | 'unknown-goal'
  | 'unknown-arm'
  | 'one-arm'
  | 'too-short-experiment'
  | 'too-long-wait'
  | 'unbounded-reentry'
  | 'starts-itself';

/** `path`: where in the journey, as `nodes.offer.templateId`. */
export type Defect = { path: string; code: DefectCode; message: string };

/** What a journey names, as it is now. What is absent does not exist. */
export type JourneyReferences = {
  templates: Readonly<Record<string, TemplateContent | undefined>>;
  /** `attributes`: names of those that the segment asks about. */
  segments: Readonly<Record<string, { isLive: boolean; attributes: readonly string[] } | undefined>>;
  lists: ReadonlySet<string>;
  endpoints: ReadonlySet<string>;
  /** Apps whose keys are not revoked. */
  sources: ReadonlySet<string>;
  tables: Readonly<Record<string, Pick<ReferenceTable, 'columns'> | undefined>>;
  /** Whether the audience of a journey that runs on schedule exists. */
  hasAudience: boolean;
  /** Whether its schedule has times at which somebody may still enter. */
  hasTimes: boolean;
  /** What is noticed of what people do with messages, by the settings. */
  tracking: Tracking;
};
