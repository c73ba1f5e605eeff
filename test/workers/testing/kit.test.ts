/** The kit's own tests once more: it also works inside workerd. */

import "../../unit/testing/kit.test.ts";
