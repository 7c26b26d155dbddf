import { expect } from "vitest";
import type { Component } from "../find-component.ts";
import type { StreamState } from "./app.ts";
import { openConnection, type Protocol, type RequestInput } from "./connection.ts";
import type { Expectations } from "./host-kind.ts";
import type { StreamReader } from "./stream-reader.ts";

/** A host that runs, and what is expected of it. */
export interface TestedHost {
  readonly origin: string;
  readonly protocol: Protocol;
  readonly expected: Expectations;
  /** How long to wait for what must happen. No measure of anything: the machine may be busy. */
  readonly patienceMs: number;
}

/** One behaviour, as a function, so that it can be checked on a broken library as well. */
export interface Check {
  /** The behaviour, in the present tense. */
  readonly name: string;
  /** What hosts differ in that it holds them to; it says nothing about a host of which that is not known. */
  readonly about?: keyof Expectations;
  /** The protocols that it is about, if not all. */
  readonly protocols?: readonly Protocol[];
  readonly needs?: Component;
  readonly run: (host: TestedHost) => Promise<void>;
  readonly timeoutMs?: number;
}

let lastKey = 0;

/** A key that no other stream has. */
export function newKey(): string {
  return `${++lastKey}`;
}

/** @param query - See the application. */
export function streamPath(key: string, query: string): string {
  return `/stream?key=${key}&${query}`;
}

/** Opens a stream on a connection of its own. */
export function openStream(host: TestedHost, key: string, query: string, input?: RequestInput): Promise<StreamReader> {
  return send(host, streamPath(key, query), input);
}

export async function send(host: TestedHost, path: string, input?: RequestInput): Promise<StreamReader> {
  const { open } = await openConnection(host.origin, host.protocol);
  return await open(path, input);
}

export async function readState(host: TestedHost, key: string): Promise<StreamState> {
  const reader = await send(host, `/state?key=${key}`);
  await reader.ended;
  return JSON.parse(reader.text);
}

/** Waits for a state. */
export async function expectState(host: TestedHost, key: string, expected: Partial<StreamState>): Promise<void> {
  await expect.poll(() => readState(host, key), { timeout: host.patienceMs, interval: 20 }).toMatchObject(expected);
}
