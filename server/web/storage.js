// Small memories of the browser. Storage may be forbidden; the page then merely forgets.

const name = (key) => `geungeo.${key}`;

function memory(storage) {
  return {
    get(key) {
      try {
        return storage().getItem(name(key));
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        if (value === null) storage().removeItem(name(key));
        else storage().setItem(name(key), value);
      } catch {
        /* forgotten */
      }
    },
  };
}

/** Kept for this browser. */
export const local = memory(() => localStorage);

/** Kept until this tab is closed. */
export const session = memory(() => sessionStorage);
