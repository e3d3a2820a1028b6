@echo off
rem Stands in for git in the Wine lane, where there is none: it answers the one question that a plugin asks of it there.
rem The work tree comes as Git for Windows prints it, with forward slashes; anything else fails, and says that this is not git.
if "%~1"=="--version" (echo git version 0, a stand-in& exit /b 0)
if not "%~1 %~2"=="rev-parse --show-toplevel" goto no
set "folder=%CD%"
:up
if exist "%folder%\.git" (
  echo %folder:\=/%
  exit /b 0
)
for %%i in ("%folder%\..") do set "above=%%~fi"
if "%above%"=="%folder%" goto no
set "folder=%above%"
goto up
:no
echo fatal: not git, and no answer to: %* 1>&2
exit /b 128
