/** One path segment: what a folder, S3 and a URL all take as it is; not hidden, not `.` or `..`. */
const SEGMENT = /^(?!\.)[A-Za-z0-9_=.~+:-]{1,255}$/;
const MAX_KEY = 1024;

/** Whether a name may be an object's: relative, `/`-separated, nothing that leads out of the lake. */
export const isObjectKey = (key: string): boolean =>
  key.length <= MAX_KEY && key.split("/").every((segment) => SEGMENT.test(segment));
