import type { EmailBlocks } from './blocks.ts';

/** How a page looks whose settings say nothing else. */
const LOOK = {
  ...{ width: 600, size: 16, background: '#f4f4f5', page: '#ffffff', color: '#18181b' },
  ...{ linkColor: '#1d4ed8', buttonBackground: '#18181b', buttonColor: '#ffffff' },
};

/** Pixels and colours of a page. */
export const lookOf = (settings: EmailBlocks['settings'] = {}): typeof LOOK => ({
  ...LOOK,
  ...(Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<typeof LOOK>),
});
