import { valueAt } from './question.ts';

/** Whose place, two attributes in degrees, is not farther from a point than so many kilometres of great circle. */
export type NearCondition = {
  near: {
    latitude: number;
    longitude: number;
    withinKm: number;
    attributes: { latitude: string; longitude: string };
  };
};

/** Mean radius of the Earth, IUGG. */
const EARTH_KM = 6371.0088;
export const RADIANS = Math.PI / 180;

/**
 * The greatest square of half a chord on a sphere of radius 1 that is within the distance, sin²(d/2R). What the haversine
 * formula gives can be compared with it, so no inverse function is needed.
 */
export const halfChordLimit = (km: number): number =>
  // Half the way round reaches everybody, whatever rounding makes of the other side of the world.
  km >= Math.PI * EARTH_KM ? 2 : Math.sin(km / (2 * EARTH_KM)) ** 2;

/** A value that is no number of degrees in these ranges is no place. */
export const isNear = ({ near }: NearCondition, attributes: Record<string, unknown>): boolean => {
  const latitude = valueAt(attributes, near.attributes.latitude);
  const longitude = valueAt(attributes, near.attributes.longitude);
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return false;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return false;
  const [north, east] = [
    Math.sin(((latitude - near.latitude) * RADIANS) / 2),
    Math.sin(((longitude - near.longitude) * RADIANS) / 2),
  ];
  const halfChord = north * north + Math.cos(near.latitude * RADIANS) * Math.cos(latitude * RADIANS) * east * east;
  return halfChord <= halfChordLimit(near.withinKm);
};
