# lfi_embed(TARGET NAME name DIR folder): builds the files of a folder into the library embed_<name>
# and links TARGET to it, whose sources then include "name_files.h" and use `name_files`, a struct
# embed_set (base/embed.h). FILES: the folder is generated and has these alone.
#
# What pages have in common is a file of the folder's parts/: "<!-- part: NAME -->" stands for
# parts/NAME.html, which may name parts itself, but those name none. Parts are no files of their own
# to those who embed.
#
# The file is its own generator: run as a script it writes the two sources.

function(lfi_embed target)
    cmake_parse_arguments(EMBED "" "NAME;DIR" "FILES" ${ARGN})
    get_filename_component(dir ${EMBED_DIR} ABSOLUTE)
    if(EMBED_FILES)
        set(files ${EMBED_FILES})
    else()
        file(GLOB_RECURSE files CONFIGURE_DEPENDS ${dir}/*)
    endif()
    set(out ${CMAKE_CURRENT_BINARY_DIR}/embed)
    set(generated ${out}/${EMBED_NAME}_files.c ${out}/${EMBED_NAME}_files.h)
    add_custom_command(
        OUTPUT ${generated}
        COMMAND ${CMAKE_COMMAND} -DNAME=${EMBED_NAME} -DDIR=${dir} -DOUT=${out}
                -P ${CMAKE_SOURCE_DIR}/tools/embed.cmake
        DEPENDS ${files} ${CMAKE_SOURCE_DIR}/tools/embed.cmake
        COMMENT "Embedding ${EMBED_NAME}"
        VERBATIM)
    add_library(embed_${EMBED_NAME} STATIC ${generated})
    target_include_directories(embed_${EMBED_NAME} PUBLIC ${out})
    target_link_libraries(embed_${EMBED_NAME} PUBLIC lfi-base)
    target_link_libraries(${target} PUBLIC embed_${EMBED_NAME})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE)
    return()
endif()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_json "application/json")
set(type_svg "image/svg+xml")

file(GLOB_RECURSE paths RELATIVE ${DIR} ${DIR}/*)
list(FILTER paths EXCLUDE REGEX "\\.d$") # what the build system keeps beside generated ones
set(parts ${paths})
list(FILTER parts INCLUDE REGEX "^parts/[a-z-]+\\.html$")
list(FILTER paths EXCLUDE REGEX "^parts/")
list(SORT paths) # by bytes: embed_find() searches by halves
string(HEX "<!-- part: " any_mark)
foreach(part IN LISTS parts) # as hex, as all contents: text would lose brackets and semicolons
    get_filename_component(name ${part} NAME_WE)
    file(READ ${DIR}/${part} content_${name} HEX)
    string(REGEX REPLACE "0a$" "" content_${name} "${content_${name}}")
    string(HEX "<!-- part: ${name} -->" mark_${name})
    list(APPEND names ${name})
endforeach()
set(arrays "")
set(entries "")
set(number 0)
foreach(path IN LISTS paths)
    string(REGEX REPLACE "^.*\\." "" extension "${path}")
    if(NOT DEFINED type_${extension})
        message(FATAL_ERROR "${DIR}/${path}: no media type is known for .${extension}")
    endif()
    file(READ ${DIR}/${path} hex HEX)
    if(extension STREQUAL "html")
        foreach(name IN LISTS names names) # twice: parts in parts too
            string(REPLACE "${mark_${name}}" "${content_${name}}" hex "${hex}")
        endforeach()
        if(hex MATCHES "${any_mark}")
            message(FATAL_ERROR "${DIR}/${path}: a part is named that parts/ does not have")
        endif()
    endif()
    string(SHA256 digest "${hex}")
    string(SUBSTRING ${digest} 0 16 digest)
    string(LENGTH "${hex}" length)
    math(EXPR length "${length} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(APPEND arrays "static const unsigned char file_${number}[] = {${hex}0};\n")
    string(APPEND entries "    {\"${path}\", \"${type_${extension}}\", \"\\\"${digest}\\\"\", "
                          "file_${number}, ${length}},\n")
    math(EXPR number "${number} + 1")
endforeach()
if(number EQUAL 0)
    message(FATAL_ERROR "${DIR}: nothing to embed")
endif()

file(WRITE ${OUT}/${NAME}_files.h
     "#include \"base/embed.h\"\n\nextern const struct embed_set ${NAME}_files;\n")
file(WRITE ${OUT}/${NAME}_files.c
     "#include \"${NAME}_files.h\"\n\n${arrays}\n"
     "static const struct embed_file files[] = {\n${entries}};\n\n"
     "const struct embed_set ${NAME}_files = {files, ${number}};\n")
