import { afterAll } from 'vitest';
import { stopShared } from './boot.ts';

afterAll(stopShared);
