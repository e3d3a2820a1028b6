"""One hook run of the observer, `python3 -I -S observe.py`: it sees the event and lets the host go on.

What it does is in the module beside it, which Python keeps compiled.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# behind the standard library, whose modules are found first then
sys.path += [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "shared")]

from observed import main  # noqa: E402

main()
