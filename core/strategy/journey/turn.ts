import type { NodeId } from './journey-node.ts';
import type { JourneyVersion, VersionNode } from './journey-version.ts';
import type { EndReason, JourneyFacts, NodeEffect, Participant } from './participant.ts';

/** What a node is asked about: who has come to it, with what is known. */
export type Place<Node extends VersionNode = VersionNode> = {
  id: NodeId;
  node: Node;
  version: JourneyVersion;
  profileId: string;
  participant: Participant;
  facts: JourneyFacts;
  nowMs: number;
};

/** What a node makes of whoever comes to it. */
export type Turn =
  | {
      kind: 'goes';
      to: NodeId;
      way: string;
      why: string;
      effect?: NodeEffect['kind'];
      /** What chance has decided. */
      arm?: string;
      /** An event that had come before and is taken. */
      took?: { atMs: number; key: string };
    }
  | { kind: 'holds'; dueMs: number; why: string }
  | { kind: 'ends'; reason: EndReason; detail?: string | undefined; why: string }
  | { kind: 'asks'; perMinute: number };
