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

export const html = htm.bind(h);
