import type { Picture, PictureKind } from './picture.ts';

/** A picture that templates show. Its bytes never change, so whoever has it keeps it. */
export type Material = {
  id: string;
  name: string;
  picture: Picture;
  bytes: number;
  savedBy: string;
  savedMs: number;
  /** It is no longer served, and in no list. */
  deletedMs?: number;
};

/** Bytes. A page has several, and phones load them all; a function answers with 6 MB at the most. */
export const MAX_MATERIAL = 1_000_000;
/** Below the address of the public door. */
export const MATERIAL_PATH = '/v1/m/';

export const fileOf = ({ id, picture }: Pick<Material, 'id' | 'picture'>): string => `${id}.${picture.kind}`;
/** Where its bytes are, in the work bucket. */
export const materialKey = (file: string): string => `materials/${file}`;

/** Ids of the pictures whose addresses stand in a text, each once. */
export const picturesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\/v1\/m\/([0-9A-HJKMNP-TV-Z]{26})\.(?:png|jpg|gif|webp)/g)].map(([, id = '']) => id)),
];

/** The kind of a file that may be one; undefined for any other name. */
export const kindOfFile = (file: string): PictureKind | undefined =>
  /^[0-9A-HJKMNP-TV-Z]{26}\.(png|jpg|gif|webp)$/.exec(file)?.[1] as PictureKind | undefined;
