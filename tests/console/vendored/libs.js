import htm from "htm";
import { h } from "preact";

export {
  batch,
  computed,
  effect,
  Signal,
  signal,
  untracked,
  useComputed,
  useSignal,
  useSignalEffect,
} from "@preact/signals";
export { Component, createContext, createRef, Fragment, h, render, toChildArray } from "preact";
export {
  useCallback,
  useContext,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "preact/hooks";

/**
 * The element of a template. A template has one root.
 * @type {(strings: TemplateStringsArray, ...values: unknown[]) => import("preact").VNode<any>}
 */
export const html = /** @type {any} */ (htm.bind(h));

/** @typedef {import("preact").ComponentChildren} ComponentChildren */
/**
 * @template [T=any]
 * @typedef {import("preact").VNode<T>} VNode
 */
/**
 * @template T
 * @typedef {import("preact").RefObject<T>} RefObject
 */
/**
 * @template T
 * @typedef {import("@preact/signals").ReadonlySignal<T>} ReadonlySignal
 */
