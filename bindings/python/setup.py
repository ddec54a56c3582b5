"""The module is built by CMake; all that setuptools must know of it is that the wheel belongs to this platform."""

from setuptools import Distribution, setup


class Binary(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(distclass=Binary)
